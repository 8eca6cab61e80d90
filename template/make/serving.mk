# Answers one at a time; files belong to the batch command.
GROUPS += --group service-tests

.PHONY: serve openapi

serve: ## answer requests with the champion: make serve ARGS="port=9000"
	@$(RUN) $(NAME) serve $(ARGS)

openapi: ## write docs/openapi.json, which callers rely on; refuses what would break them
	@$(RUN) $(NAME) openapi $(ARGS)
