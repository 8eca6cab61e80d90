# Understand a trained model: what drives it, what it could do without, whom it serves worse.
.PHONY: explain ablate

explain: ## what drives the predictions: reports/explanations.json and the run's report
	@$(RUN) $(NAME) explain $(ARGS)

ablate: ## does each feature earn its keep? fits the model without each
	@$(RUN) $(NAME) ablate $(ARGS)

