"""`mallgen lsp`: the Language Server Protocol over mallgen.editor. An edge: it reads files and talks to an editor."""
