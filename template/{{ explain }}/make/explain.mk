# What a trained model has learnt, where it is wrong, and what it is worth.
.PHONY: explain ablate errors business

explain: ## what drives the predictions: make explain ARGS="--row 12"
	@$(RUN) $(NAME) explain $(ARGS)

ablate: ## fit the model without each feature, and compare on valid
	@$(RUN) $(NAME) ablate $(ARGS)

errors: ## where the model is wrong on valid
	@$(RUN) $(NAME) errors $(ARGS)

business: ## what the predictions are worth, by conf/business.yaml
	@$(RUN) $(NAME) business $(ARGS)
