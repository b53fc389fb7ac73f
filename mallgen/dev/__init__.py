"""Running a workspace: its services as processes of one terminal. Edges, all of them."""
