"""The emitter of models: a module per table for mallgen and one for the user, and the schema of them all."""
