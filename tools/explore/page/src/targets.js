export const targets = [["arm64", "AArch64"], ["x86_64", "x86-64"]];
