# What the service costs.
.PHONY: bench feature-cost lead-time profile-service

bench: ## compare speed, memory and training with the accepted version; price and energy
	@$(RUN) $(NAME) bench $(ARGS)

feature-cost: ## time each step from a request to the model's input
	@$(RUN) $(NAME) feature-cost $(ARGS)

lead-time: ## how long changes wait for a release, and the share of failed releases
	@$(RUN) $(NAME) lead-time $(ARGS)

profile-service: ## serve, and draw in which functions the time goes; end it with Ctrl-C
	@$(RUN) --with py-spy==0.4.3 py-spy record --output reports/profile-service.svg $(ARGS) -- $(NAME) serve
