"""Answers to an editor's questions about contracts, as pure functions on what the parser and the resolver understood.

Nothing here knows a protocol, but positions count as in the Language Server Protocol, since every editor counts so.
`mallgen.languageserver` speaks to the editor.
"""
