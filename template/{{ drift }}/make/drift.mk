# Distributions of valid, or of a new file, beside those of train.
.PHONY: drift

drift: ## compare valid or a new file with train: make drift ARGS="--file new.csv"
	@$(RUN) $(NAME) drift $(ARGS)
