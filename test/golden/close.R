# Values for test/core/test_closemodel.c: Aalen-Johansen curves and concordance of R's survival package
# (Therneau, A Package for Survival Analysis in R).  Rscript test/golden/close.R > test/core/close_golden.h
suppressPackageStartupMessages(library(survival))
set.seed(20260401)
n <- 240
entry <- sample(0:3, n, replace = TRUE, prob = c(6, 2, 1, 1))
days <- entry + pmin(1 + rgeom(n, 0.25), 8 - entry)
outcome <- sample(c("open", "lost", "won"), n, replace = TRUE, prob = c(3, 4, 3))
risk <- sample(1:9, n, replace = TRUE)
state <- factor(outcome, levels = c("open", "lost", "won"))
fit <- survfit(Surv(entry, days, state) ~ 1, id = seq_len(n))
at <- summary(fit, times = 1:8)
p <- at$pstate
colnames(p) <- fit$states
c_index <- concordance(Surv(entry, days, outcome != "open") ~ risk, reverse = TRUE)
plain <- concordance(Surv(days, outcome != "open") ~ risk, reverse = TRUE)
num <- function(x) paste(sprintf("%.17g", x), collapse = ", ")
int <- function(x) paste(x, collapse = ", ")
cat("/* Made by test/golden/close.R with R", as.character(getRversion()), "and survival", as.character(packageVersion("survival")), "*/\n")
wrap <- function(kind, name, text) cat(sprintf("static const %s %s[] = {\n%s\n};\n", kind, name, paste(strwrap(text, 110, prefix = "\t"), collapse = "\n")))
wrap("int", "golden_entry", int(entry))
wrap("int", "golden_days", int(days))
wrap("int", "golden_outcome", int(match(outcome, c("open", "lost", "won")) - 1))
wrap("int", "golden_risk", int(risk))
wrap("double", "golden_won", num(p[, "won"]))
wrap("double", "golden_lost", num(p[, "lost"]))
cat(sprintf("static const double golden_concordance = %.17g;\n", c_index$concordance))
cat(sprintf("static const double golden_concordance_plain = %.17g;\n", plain$concordance))
