# What the service costs.
.PHONY: bench feature-cost lead-time cost profile-service

bench: ## compare latency, throughput, memory and training with the accepted version
	@$(RUN) $(NAME) bench $(ARGS)

feature-cost: ## time each step from a request to the model's input
	@$(RUN) $(NAME) feature-cost $(ARGS)

lead-time: ## how long changes wait for a release, and the share of failed releases
	@$(RUN) $(NAME) lead-time $(ARGS)

cost: ## price and energy of a training and of 1,000 predictions
	@$(RUN) $(NAME) cost $(ARGS)

profile-service: ## which functions a request spends its time in
	@$(RUN) $(NAME) profile-service $(ARGS)
