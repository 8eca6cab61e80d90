# What a trained model does with its columns, with one row, and how it is built.
.PHONY: dependence counterfactual trace

dependence: ## draw the steps, and how predictions depend on each column: partial dependence and ALE
	@$(RUN) $(NAME) dependence $(ARGS)

counterfactual: ## the smallest change of a row that changes its prediction: make counterfactual ARGS="--row 12 --to CLASS"
	@$(RUN) $(NAME) counterfactual $(ARGS)

trace: ## one row through every step to its prediction: make trace ARGS="--row 12"
	@$(RUN) $(NAME) trace $(ARGS)
