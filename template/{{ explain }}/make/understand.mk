# Understand a trained model: what drives it, what it could do without, whom it serves worse.
.PHONY: explain ablate fairness

explain: ## what drives the predictions: reports/explanations.json and the run's report
	@$(RUN) $(NAME) explain $(ARGS)

ablate: ## does each feature earn its keep? fits the model without each
	@$(RUN) $(NAME) ablate $(ARGS)

fairness: ## error rates by group, for the columns of conf/fairness.yaml
	@$(RUN) $(NAME) fairness $(ARGS)
