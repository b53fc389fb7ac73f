-- Opens a contract in Neovim with the folder editors/nvim, attaches the server, and prints what it sees, a line each.
-- vim.lsp.enable is of 0.11; what it would do is done by hand, so that older versions can play.
local config = dofile(vim.env.EDITORS .. "/lsp/mallgen.lua")
local function say(...)
  io.stdout:write(table.concat(vim.tbl_map(tostring, { ... }), " ") .. "\n")
end
local function syntax(line, column)
  return vim.fn.synIDattr(vim.fn.synID(line, column, 1), "name")
end

vim.cmd("edit mall.api")
say(vim.bo.filetype, vim.b.current_syntax, vim.bo.commentstring, syntax(1, 1), syntax(1, 10))
say(config.filetypes[1], table.concat(config.cmd, " "))
local client = vim.lsp.start_client({
  name = "mallgen",
  cmd = { vim.env.PYTHON, "-m", unpack(config.cmd) },
  root_dir = vim.fn.getcwd(),
  init_options = config.init_options,
})
vim.lsp.buf_attach_client(0, client)
vim.wait(20000, function() return #vim.diagnostic.get(0) > 0 end, 20)
for _, problem in ipairs(vim.diagnostic.get(0)) do
  say(problem.lnum, problem.col, problem.end_col, problem.code)
end
vim.lsp.stop_client(client)
vim.wait(20000, function() return vim.lsp.client_is_stopped(client) end, 20)
say("stopped", vim.lsp.client_is_stopped(client))
vim.cmd("qa!")
