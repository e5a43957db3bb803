package intake

// Inert keeps a spreadsheet from taking a cell of a CSV file for a formula (CWE-1236).
func Inert(cell string) string { return inert(cell) }
