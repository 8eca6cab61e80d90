# Networks.
.PHONY: check-network learning-rate resume

check-network: ## look for the usual faults of the network and its loss
	@$(RUN) pytest -q tests/networks $(ARGS)

learning-rate: ## try learning rates, and suggest one
	@$(RUN) $(NAME) learning-rate $(ARGS)

resume: ## continue the newest training that was stopped
	@$(RUN) $(NAME) resume $(ARGS)
