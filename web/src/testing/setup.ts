// Tests run Lit's development build on purpose; it need not say so in every file.
(globalThis as { litIssuedWarnings?: Set<string> }).litIssuedWarnings = new Set(['dev-mode']);
