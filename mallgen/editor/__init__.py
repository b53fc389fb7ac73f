"""What an editor asks about contracts, as pure functions on what the parser and the resolver understood.

Nothing here knows a protocol: places are those of the Language Server Protocol, since every editor counts so, and that
is all. `mallgen.languageserver` speaks to the editor.
"""
