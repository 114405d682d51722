package letter

import (
	"net/url"

	"sekisho/internal/i18n"
	"sekisho/internal/sms"
)

// SMSCode is the text of an SMS with a code: what it is for, and a last line by
// which phones offer the code to pages of the service's own host alone ("Origin-bound
// one-time codes delivered via SMS", which WebOTP reads). minutes is how long the code
// counts.
//
// It fits into one SMS, which in Japanese has 70 characters: where names are long it
// says less, and gives up the last line before the code.
func SMSCode(s Sheet, lang i18n.Lang, code string, minutes int) string {
	args := []any{"service", clean(s.Service), "code", code, "minutes", minutes}
	bound := ""
	if u, err := url.Parse(s.URL); err == nil && u.Host != "" {
		bound = "\n@" + u.Hostname() + " #" + code
	}
	for _, key := range []string{"sms.code", "sms.brief", "sms.bare"} {
		if text := texts.T(lang, key, args...) + bound; sms.Fits(text) {
			return text
		}
	}
	return texts.T(lang, "sms.bare", args...)
}

// SMSUnlocked tells by SMS that attempts may go on. Like all that tells what was done for
// an account it names nobody: it was the operator or an organisation's admin, and mail says.
func SMSUnlocked(s Sheet, lang i18n.Lang) string {
	return texts.T(lang, "sms.unlocked", "service", clean(s.Service))
}

// SMSIssued tells by SMS that a backup code was issued. It has no code and no link.
func SMSIssued(s Sheet, lang i18n.Lang) string {
	return texts.T(lang, "sms.issued", "service", clean(s.Service))
}

// SMSLockLifted tells by SMS that somebody else lifted the sign-in lock.
func SMSLockLifted(s Sheet, lang i18n.Lang) string {
	return texts.T(lang, "sms.lock_lifted", "service", clean(s.Service))
}

// SMSTicket tells by SMS that somebody asks the desk for a way into the account.
func SMSTicket(s Sheet, lang i18n.Lang) string {
	return texts.T(lang, "sms.ticket", "service", clean(s.Service))
}

// SMSTicketApproved tells by SMS that the desk will hand out a code.
func SMSTicketApproved(s Sheet, lang i18n.Lang) string {
	return texts.T(lang, "sms.ticket_approved", "service", clean(s.Service))
}

// SMSAided tells by SMS that an admin changed how somebody signs in.
func SMSAided(s Sheet, lang i18n.Lang) string {
	return texts.T(lang, "sms.aided", "service", clean(s.Service))
}
