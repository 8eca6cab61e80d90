# The service. Files belong to the batch command.
.PHONY: export serve openapi load-test

export: ## write the champion as ONNX beside it, and check it
	@$(RUN) $(NAME) export $(ARGS)

serve: ## predict over HTTP with the champion: make serve ARGS="port=9000"
	@$(RUN) $(NAME) serve $(ARGS)

openapi: ## write docs/openapi.json, which callers rely on; refuses what would break them
	@$(RUN) $(NAME) openapi $(ARGS)

load-test: ## put the load of conf/slo.yaml on the running service, and compare
	@$(RUN) $(NAME) load-test $(ARGS)
