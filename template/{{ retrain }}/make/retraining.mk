# Train again when it is due, and measure how fast a model ages.
.PHONY: retrain staleness

retrain: ## prepare, train, evaluate and register, if conf/retraining.yaml says it is due: make retrain ARGS='--force "new prices"'
	@$(RUN) $(NAME) retrain $(ARGS)

staleness: ## back-test by time: the metric of models of growing age
	@$(RUN) $(NAME) staleness $(ARGS)
