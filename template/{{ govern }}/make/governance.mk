# Who may ask, what is recorded and kept, where a prediction comes from, and what no model may use.
.PHONY: policy forget purge trail prediction-lineage sign attacks technical-file

policy: ## no forbidden column is used, the champion is signed; part of prepare, train and check
	@$(RUN) $(NAME) policy

prepare: policy
check:: policy
# After training too: the first `prepare` has just written the schema.
train::
	@$(RUN) $(NAME) policy

forget: ## delete a person's rows everywhere: make forget ARGS="ID"
	@$(RUN) $(NAME) forget $(ARGS)

purge: ## delete logs that are older than conf/ keeps them
	@$(RUN) $(NAME) purge $(ARGS)

trail: ## verify the audit trail
	@$(RUN) $(NAME) trail $(ARGS)

prediction-lineage: ## where it comes from, computed again: make prediction-lineage ARGS="PREDICTION_ID"
	@$(RUN) $(NAME) lineage $(ARGS)

sign: ## sign a version: make sign ARGS="KEY.pem 1"
	@$(RUN) $(NAME) sign $(ARGS)

attacks: ## membership inference, corrupted and impossible inputs
	@$(RUN) $(NAME) attacks $(ARGS)

technical-file: ## write docs/compliance/ and reports/inventory.json; red where something is empty
	@$(RUN) $(NAME) technical-file $(ARGS)
