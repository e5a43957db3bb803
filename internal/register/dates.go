package register

import "article14/internal/calendar"

// checkDates accepts the forms that files are read by (docs/register.md).
func checkDates(s string) (string, error) {
	if _, err := calendar.ParseForm(s); err != nil {
		return "", err
	}
	return s, nil
}
