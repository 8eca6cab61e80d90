# Who may ask, what is recorded and kept, where a prediction comes from, and what no model may use.
.PHONY: govern forget purge keys trail prediction-lineage recompute sign verify attacks technical-file

govern: ## no forbidden column is used; part of prepare, train and check
	@$(RUN) $(NAME) govern

prepare: govern
check:: govern
# After training too: the first `prepare` has just written the schema.
train::
	@$(RUN) $(NAME) govern

forget: ## delete a person's rows everywhere: make forget ARGS="ID"
	@$(RUN) $(NAME) forget $(ARGS)

purge: ## delete logs that are older than conf/ keeps them
	@$(RUN) $(NAME) purge $(ARGS)

keys: ## the service's keys: make keys ARGS="add ann --scopes predict --days 90", list, revoke
	@$(RUN) $(NAME) keys $(ARGS)

trail: ## verify the audit trail
	@$(RUN) $(NAME) trail verify $(ARGS)

prediction-lineage: ## where it comes from: make prediction-lineage ARGS="PREDICTION_ID"
	@$(RUN) $(NAME) lineage $(ARGS)

recompute: ## compute a logged prediction again: make recompute ARGS="PREDICTION_ID"
	@$(RUN) $(NAME) recompute $(ARGS)

sign: ## sign a version: make sign ARGS="1"
	@$(RUN) $(NAME) sign $(ARGS)

verify: ## verify the signature of a version: make verify ARGS="champion"
	@$(RUN) $(NAME) sign --check $(ARGS)

attacks: ## membership inference, corrupted and impossible inputs
	@$(RUN) $(NAME) attacks $(ARGS)

technical-file: ## write docs/compliance/ and reports/inventory.json; red where something is empty
	@$(RUN) $(NAME) technical-file $(ARGS)
