"""Writing of Python source: names, literals, layout, templates. Pure."""
