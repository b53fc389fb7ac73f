vim.bo.commentstring = "// %s"
vim.bo.expandtab = false
vim.bo.shiftwidth = 4
vim.bo.tabstop = 4
