# Answers one at a time; files belong to the batch command.
GROUPS += --group service-tests
# The tests of a service are many: two at a time or more; make test ARGS=-n0 runs them one by one.
WORKERS := --numprocesses=auto --maxprocesses=4 --dist=worksteal

.PHONY: serve openapi

serve: ## answer requests with the champion: make serve ARGS="port=9000"
	@$(RUN) $(NAME) serve $(ARGS)

openapi: ## write docs/openapi.json, which callers rely on; refuses what would break them
	@$(RUN) $(NAME) openapi $(ARGS)
