# MLflow beside logs/: mlflow.db and mlruns/ in this folder, no server needed to write to them.
GROUPS += --group tracking
export MLFLOW_DISABLE_TELEMETRY := true
MLFLOW_PORT ?= 5000
.PHONY: mlflow-ui

mlflow-ui: ## browse the runs: make mlflow-ui MLFLOW_PORT=5001
	@$(RUN) mlflow ui --backend-store-uri sqlite:///mlflow.db --host 127.0.0.1 --port $(MLFLOW_PORT)
