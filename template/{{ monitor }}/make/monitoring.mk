# What the service logged: drift, quality with late labels, skew.
.PHONY: monitor labels skew

monitor: ## judge the logged predictions by window, and write reports/monitoring.html
	@$(RUN) $(NAME) monitor $(ARGS)

labels: ## join true labels to the logged predictions: make labels ARGS="truth.csv"
	@$(RUN) $(NAME) labels $(ARGS)

skew: ## replay logged rows through training, and compare with what was served
	@$(RUN) $(NAME) skew $(ARGS)
