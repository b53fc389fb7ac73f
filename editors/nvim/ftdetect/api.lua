vim.filetype.add({ extension = { api = "api" } })
