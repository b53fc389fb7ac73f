-- Neovim 0.11 and newer. With this folder on the runtime path: vim.lsp.enable("mallgen")
return {
  cmd = { "mallgen", "lsp" },
  filetypes = { "api" },
  root_markers = { "mallgen.toml", ".git" },
  init_options = { select = {}, ignore = {}, allowOutside = false },
}
