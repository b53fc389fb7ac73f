"""Python as text: names, literals, layout, templates. Pure."""
