"""python -m mallgen"""

import sys

from mallgen.door import main

sys.exit(main())
