# A new version for the running service.
.PHONY: rollout switch-off switch-on rehearse ab-test

rollout: ## shadow, canary or stop: make rollout ARGS="canary 3 --share 0.05"
	@$(RUN) $(NAME) rollout $(ARGS)

switch-off: ## only the fallback answers, within a minute: make switch-off ARGS="--reason '...'"
	@$(RUN) $(NAME) rollout switch-off $(ARGS)

switch-on: ## the model answers again
	@$(RUN) $(NAME) rollout switch-on $(ARGS)

rehearse: ## roll the running service back and forward, and record the seconds
	@$(RUN) $(NAME) rehearse $(ARGS)

ab-test: ## compare two versions: make ab-test ARGS="--a 100/1000 --b 130/1000"; plan: ARGS="--baseline 0.1 --effect 0.02"
	@$(RUN) $(NAME) ab-test $(ARGS)
