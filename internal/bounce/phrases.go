package bounce

import (
	"regexp"
	"strings"

	"article14/mailer"
)

// A meaning is what some stock phrases of mail systems say. A phrase is written as
// [plain] makes of text: in small letters, without accents, an address as @. A *
// stands for at most maxGap octets within one sentence.
type meaning struct {
	about   string
	class   mailer.ReplyClass
	phrases []string
	alive   bool // it says that the mailbox is there
	// definite is what the domain itself says, whatever another system makes of it.
	definite bool
}

// sure are phrases that say more than the codes beside them, which many servers
// choose by habit: 550 5.1.1 over a blocklist, 5.7.1 over a full mailbox. They are
// asked from the top, and the first meaning that is said decides. Limits of pace
// stand before blocklists, since those who limit often say "blocked" as well; what
// is about us stands before what is about the address, since nobody may be held to
// be dead for our standing.
var sure = []meaning{
	{"a hosting panel's relay found no way to the domain, and guesses at reasons", mailer.ClassDeadAddress, []string{
		"account or domain may not exist",
	}, false, false},
	{"a subscriber's own filter", mailer.ClassPolicy, []string{
		"recipient preferences", "protected by a filter", "account is protected by", "user reject", "rejected by recipient", "rejected by the recipient", "rejected by user",
		"blocked by the recipient", "blocked by recipient", "blocked by user", "refuses to receive", "refuse to receive", "only accepting mail from specific",
		"does not want to receive", "doesn't want to receive", "does not wish to receive", "restricted sms e-mail", "rcp-p2 ",
	}, false, false},
	{"our commands are not taken", mailer.ClassPolicy, []string{
		"command not recognized", "command not recognised", "command unrecognized", "unrecognized command", "command unknown", "unknown command", "bad command ",
		"command rejected", "command not implemented", "unrecognized parameter", "unsupported parameter",
	}, false, false},
	{"a service refused, whatever else it says", mailer.ClassPolicy, []string{
		"policy restrictions", "due to policy reasons", "for policy reasons", "ask your postmaster for help",
		"configured to reject mail from", "unknown mail from", "name was rejected", "sender was rejected", "invalid domain name",
	}, false, false},
	{"a list server saw a message twice", mailer.ClassTransient, []string{
		"duplicated message-id", "duplicated * message-id", "loop alert", "loop back warning", "unix from loop",
	}, false, false},
	{"greylisted, or too much at once", mailer.ClassTransient, []string{
		"greylist", "graylist", "grey-list", "gray-list", "grey list", "too many connections", "too many concurrent", "too many recipients", "too many sessions",
		"too many messages", "too many mails", "too many emails", "too many invalid recipients", "connection rate limit", "rate limit", "ratelimit", "rate-limit",
		"frequency limit", "sending too fast", "sent too fast", "throttl", "max message * per connection", "maximum number of messages", "exceeded the rate",
		"receiving mail at a rate", "receiving mail too quickly", "maximum connections", "max connections", "connection limit", "connections from your",
		"messages per connection", "too much mail", "too much load", "exceeded the maximum number of", "exceed * allowed number of", "daily limit", "hourly limit",
		"daily sending quota", "receive limit", "receiving limit", "recipient limit", "sending quota", "sending limit", "too many errors", "too many bad commands",
		"unusual rate of unsolicited", "slow down", "spooling is disabled due to",
		"aup#in-1310", "aup#in-1320", "aup#in-1330", "aup#1310", "aup#1320", "aup#1330", "aup#cxcnct", "aup#cxmxrt", "aup#cxthrt", "rblimitexceeded",
		"frequency limited", "limit for the number of messages", "exceeded * limit for the number", "reached your daily limit", "reached * sending limit", "hl:itc",
		"mi:cel", "con-t1", "con-t2", "con-t3", "rcp-t2", "too many * simultaneous", "simultaneous connections", "concurrent connections", "over its rate",
		"trop de connexions", "veuillez ralentir", "zu viele verbindungen", "demasiadas conexiones", "troppe connessioni", "session limit", "sessions from your",
		"connection frequency", "too many smtp sessions", "too frequent", "too often", "requests too * fast", "recipients per message", "too many rcpt",
		"number of recipients exceed", "message rate", "message quota per hour", "max hourly", "mails per hour", "emails per hour", "messages per hour",
		"messages per day",
	}, false, false},
	{"a virus, or a forbidden attachment", mailer.ClassContent, []string{
		"virus detected", "virus found", "infected", "contains a virus", "contains virus", "contain virus", "virus * detected", "virus * found", "malware", "spamvirus",
		"attachment * not allowed", "attachment type", "banned attachment", "banned file", "prohibited attachment", "illegal attachment", "blocked attachment",
		"its content presents a potential", "content presents a potential security", "dangerous content", "executable file",
	}, false, false},
	{"the mailbox is full", mailer.ClassMailboxFull, []string{
		"mailbox full", "mailbox is full", "mailbox * is full", "mailbox * full", "mailbox was full", "mailfolder is full", "mail folder is full", "inbox is full",
		"inbox full", "mail box full", "mail box is full", "mailbox size", "mailbox exceeds", "mailbox exceeded", "mailbox has exceeded", "mailbox has reached",
		"mailbox would exceed", "mailbox for * is full", "mailbox limit", "mailbox over", "mailbox * over quota", "mailbox quota", "over quota",
		"messages in recipient's mailbox", "in the recipient's mailbox exceed", "exceeded the local limit", "over its quota", "over * quota", "overquota",
		"over the quota", "out of quota", "no quota", "quota exceed", "quota * exceed", "quota violation", "quota full", "quota limit", "quota has been",
		"quota is full", "quota reached", "quotaexceeded", "exceed * quota", "exceeded storage", "exceeds allowed size", "exceeded * storage", "storage quota",
		"disk quota", "disc quota", "user disk", "storage limit", "storage space", "storage allocation", "space limit", "out of storage", "over the maximum allowed",
		"over the allowed", "has exceeded its", "user is over", "is full of mail", "full mailbox", "too full", "account is full", "is full (limit", "maildir over",
		"insufficient disk space on the recipient", "not enough storage space", "not enough space", "no space left in mailbox", "recipient storage full", "boite pleine",
		"boite aux lettres pleine", "boite * pleine", "messagerie est pleine", "boite de reception * pleine", "quota depasse", "postfach voll", "postfach ist voll",
		"postfach * voll", "speicherplatz", "buzon lleno", "buzon * lleno", "bandeja * llena", "casella piena", "casella * piena", "caixa * cheia", "caixa postal cheia",
		"postvak * vol", "mailbox * is vol", "mailbox vol", "skrzynka * pelna", "przepelniona", "schranka * plna", "brevladan ar full", "postkassen er full", "postkassen er fuld",
		"postlaatikko * taynna", "cutia * plina", "posta kutusu dolu", "ящик переполнен", "переполнен", "γραμματοκιβωτιο ειναι πληρεσ",
		"mailbox exceeding", "allocated storage", "exceeded its storage", "exceeded storage allocation", "mailbox has no space", "mailbox space", "mailbox_full",
		"mbox full", "storage exceeded", "exceeded email quota", "exceed the quota",
		"limit of messages", "used up * quota", "errno=28", "not enough disk space", "quota is exhausted", "quota will be exceeded",
		"quota has exceeded", "delivery would exceed", "mail quota", "mailquota", "above quota", "beyond quota", "usage limit", "maximum capacity",
		"maximal capacity", "a saturation", "saturee", "quota superato", "cuota excedida", "supera la cuota", "メールボックスがいっぱい",
	}, true, false},
	{"the account sleeps", mailer.ClassTransient, []string{
		"account * disabled", "account * suspended", "account * inactive", "account * is locked", "account is blocked", "due to inactivity", "for inactivity",
		"konto nieaktywne", "konto * zablokowane", "account has been blocked", "account blocked", "account * deactivated", "account * closed temporarily",
		"account has expired", "account expired", "account is not active", "account not active", "account that you tried to reach is disabled",
		"account that you tried to reach is inactive", "mailbox * disabled", "mailbox * suspended", "mailbox * inactive", "mailbox is inactive", "mailbox * is locked",
		"mailbox * frozen", "mailbox currently", "mailbox temporarily", "mailbox is not active", "mailbox unavailable or access denied", "mailbox not accepting",
		"user * suspended", "user * disabled", "user * is inactive", "user * is locked", "user is inactive", "user inactive", "inactive user", "inactive account",
		"disabled user", "suspended user", "suspended account", "domain * suspended", "domain * disabled", "domain deactivated", "recipient * suspended",
		"recipient * disabled", "recipient suspended", "recipient * inactive", "recipient is inactive", "not currently accepting", "is currently suspended",
		"temporarily inactive", "temporarily disabled", "not used for", "not been used", "has not logged", "never logged", "compte * suspendu", "compte * desactive",
		"compte * bloque", "konto * gesperrt", "postfach * gesperrt", "konto ist deaktiviert", "deaktiviert", "cuenta * suspendida", "cuenta * desactivada",
		"cuenta * inactiva", "account disattivat", "casella * disattivata", "casella * sospesa", "conta * desativada", "conta * suspensa", "geblokkeerd", "заблокирован",
		"отключен",
		"archived recipient", "destinataire archivee", "extended inactivity", "mail receiving disabled", "receiving disabled", "accountdisabled", "account temporary",
		"account temporarily", "temporarily limited", "account is temporarily", "is not currently being accepted", "account is frozen", "mailbox_currently_suspended",
		"currently suspended", "user hangup", "hangup", "paused", "on vacation hold", "mailbox hibernat", "hibernat", "account not activated",
		"account is unpaid", "unpaid", "expired account", "account unavailable", "email account is disabled", "is a deactivated mailbox", "deactivated mailbox",
		"deactivated user", "deactivated due", "account is deactivated", "recipient deactivated", "locked account", "mailbox locked", "mailbox blocked",
		"mailbox is blocked", "mailbox is locked", "user locked", "user is temporarily", "user account is disabled", "user account is suspended",
		"user account has been", "user account is expired", "account that you tried to contact", "boite suspendue", "compte inactif",
		"conto sospeso",
	}, true, false},
	{"our server is on a blocklist, or has a bad name", mailer.ClassPolicy, []string{
		"spamhaus", "spamcop", "barracudacentral", "uceprotect", "sorbs", "abuseat", " cbl", "dnsbl", " rbl", ".rbl", "dnswl", " psbl", "surriel", "mailspike",
		"senderscore", "senderbase", "invaluement", "nixspam", "manitu", "cloudmark", "proofpoint.com", "talosintelligence", "trendmicro", "blacklist", "black list",
		"black-list", "blocklist", "block list", "block-list", "denylist", "deny list", "blocked using", "is listed", "are listed", "was listed", "been listed",
		"currently listed", "ip listed", "host listed", "address listed", "is in the list", "is on a list", "on our block", "is blocked", "ip address blocked",
		"has been blocked", "was blocked", "been blocked", "blocked by", "are blocked", "blocked for", "blocked due", "blocked because", "blocked - see", "blocked ip",
		"ip blocked", "banned", "permanently deferred", "traffic not accepted", "bad outbound sender", "mail rejected by", "you have been rejected", "is in our list",
		"reputation", "refused to talk to me", "client host * rejected", "client host rejected", "not accepting mail from your", "refused mail from your",
		"mail from your * rejected", "mail from your * refused", "mail from * not allowed", "mail from ip", "messages from * temporarily deferred",
		"messages from * weren't sent", "user complaints", "due to complaints", "high complaint", "abuse from", "abusive", "bad network", "dynamic ip",
		"dynamically assigned", "dynamic/residential", "dialup", "dial-up", "generic hostname", "your ip", "your network", "your host", "from your server",
		"ip address * rejected", "ip address * refused", "connection refused by policy", "no longer accept mail from", "we do not accept mail from",
		"not accept mail from", "connection * dropped by", "your mail server", "sending ip", "poor sender", "(bl)", "adresse ip source bloquee", "ip bloquee",
		"ip gesperrt", "gesperrt wegen", "bloqueada por", "ip bloqueada", "bloccat",
		"aup#", "pol-p", "ip is rejected", "ip is blocked", "user in blacklist", "local user only", "fail authentication", "connection denied", "connection rejected",
		"connections rejected", "connections not accepted", "access from ip", "ip rejected", "ip denied", "ip refused", "reject mail from your",
		"rejecting mail from", "poor reputation", "low reputation", "bad reputation", "banned sender", "banned ip", "delist",
		"is not allowed to connect", "not allowed to connect", "not permitted to connect", "you are not welcome", "not welcome", "host network not allowed",
		"network not allowed", "fix your", "spammer", "spam source", "spam-source",
		"suspected bounce", "suspected spam", "suspected * ip", "compromised", "botnet", "open proxy", "exploited", "requested action aborted [",
		"rejected by policy [", "service denied", "invalid ip", "tenant has exceeded", "kundenserver", "reject due to policy", "reputation block",
		"your message was rejected because * ip", "from this ip", "from this host", "this server is not allowed",
		"this host is not allowed",
	}, false, false},
	{"names of our server in the DNS", mailer.ClassPolicy, []string{
		"reverse dns", "rdns", "ptr record", "ptr lookup", "no ptr", "a ptr", "ptr rr", "ip name lookup failed", "fix reverse", "cannot find your hostname",
		"cannot find your reverse", "find your hostname", "hostname is not", "host name is not", "reverse hostname", "reverse lookup", "reverse mapping",
		"forward-confirmed", "fcrdns", "ip name possibly forged", "possibly forged", "missing reverse", "invalid helo",
		"bad helo", "helo name", "helo/ehlo", "helo verification", "invalid ehlo", "unresolvable hostname", "unresolvable relay", "without a valid sender domain",
		"dns ptr", "your reverse", "bad dns", "mismatch", "does not resolve to your", "no reverse",
		"aup#cxdns", "dns-p1", "dns-p2", "helo argument", "ehlo argument", "ehlo/helo", "fully-qualified hostname", "fully qualified hostname",
		"need fully-qualified", "unable to verify your hostname", "verify your hostname", "dns entry", "hostname lookup fail", "forward and reverse",
		"reverse address", "resolve your", "ip address has no", "inverse lookup", "name of your host", "no fqdn", "not a fqdn", "helo hostname", "helo domain",
		"does not have a valid reverse", "no hostname",
	}, false, false},
	{"a subscriber's filter, which Japanese carriers call a user without a name", mailer.ClassPolicy, []string{
		"550 : user unknown", "550: : user unknown",
	}, false, false},
	{"who we say that we are is not proven: SPF, DKIM, DMARC, TLS", mailer.ClassPolicy, []string{
		"dmarc", "dkim", "spf", "sender policy framework", "unauthenticated", "authentication check", "not authenticated", "fails authentication",
		"failed authentication", "authentication failed", "authentication required", "must be authenticated", "authentication is required", "authentication-required",
		"sender id", "sender-id", "arc validation", "mta-sts", "must issue a starttls", "starttls", "tls required", "requires tls", "encryption required",
		"encryption needed", "relay authentication", "smtp auth",
		"mta sts", "not meet the required authentication", "required authentication level", "incorrect authentication", "authentication not allowed",
		"authentication fail", "bad authentication", "invalid credentials", "authentication mechanism", "authentication unsuccessful", "username and password",
		"user not authenticated", "unsigned", "domainkeys", "domain keys", "tlsa", "certificate", "ssl required", "must use tls",
		"requires encryption", "anti-spoofing", "login denied",
	}, false, false},
	{"the sender's address is not taken", mailer.ClassPolicy, []string{
		"is not verified", "not verified", "sender address rejected", "sender rejected", "sender denied", "sender not", "sender verify", "sender verification", "sender domain", "sender is not",
		"sender address", "domain of sender", "sender's domain", "sender email", "invalid sender", "unroutable sender", "unverified sender", "unknown sender",
		"bad sender", "spoof", "envelope sender", "envelope from", "from address", "from header", "from: header", "from: domain", "valid from", "mail from command",
		"your return address", "return-path", "backscatter", "null sender", "empty sender", "empty envelope", "does not accept bounces", "not accept bounce", "send as",
		"you cannot send", "you can not send", "you may not send", "not allowed to send", "not permitted to send", "not authorized to send", "not authorised to send", "you are not allowed", "you are not permitted",
		"you are not authorized", "you do not have permission", "you don't have permission", "does not have permission", "only accepts messages from",
		"only accept mail", "not accept mail from you", "restricts who", "delivery restriction", "resolver.rst", "notauthorized", "notauthenticated",
		"not in the list of allowed", "sender restrict", "not a member", "permission to post", "groups.google.com", "members only", "not on the list of",
		"not on our whitelist", "not whitelisted", "challenge-response", "expediteur",
		"domain from not resolve", "from not resolve", "bogus mail from", "mail from address", "mail from denied", "mail from rejected", "mail from refused",
		"from domain", "from: address", "reject mail from", "rejected mail from", "sender blocked", "sender is blocked", "sender has been", "blocked sender",
		"sender host", "sender address reject", "sender policy", "sender unknown", "unknown mail sender", "fake sender", "snd-p1", "snd-p2",
		"unable to verify sender", "could not verify sender", "cannot verify sender", "verify the sender", "emetteur invalide", "emetteur", "absender",
		"remitente", "mittente", "remetente", "header from", "from-address", "sender: address", "non-member",
		"not member", "post from non", "ignored a message", "only members", "not subscribed",
	}, false, false},
	{"it does not relay for us", mailer.ClassPolicy, []string{
		"relay quota", "insecure mail relay", "relaying denied", "relay denied", "relay access denied", "relaying not", "relay not", "unable to relay", "cannot relay",
		"can't relay", "not allowed to relay", "not permitted to relay", "relaying is", "relay is not", "relaying prohibited", "relaying disallowed", "relaying mail",
		"relay operation", "not a valid relay", "not an open relay", "open relay", "mail relay", "no relaying", "not relay", "no relay", "we do not relay",
		"we don't handle mail", "don't handle mail", "not gateway", "not configured to relay", "isn't in my list of allowed rcpthosts", "rcpthosts",
		"relaying mail to", "relaying to", "attempt to relay", "relaying from", "authenticate before relay", "not relaying",
		"do not relay", "does not relay", "not allowed to send mail through",
	}, false, false},
	{"it looks like spam", mailer.ClassContent, []string{
		"spam", "unsolicited", "junk mail", "bulk mail", "bulk email", " ube", " uce ", "bayesian", "phish", "advertis", "content rejected", "message content",
		"content filter", "content reject", "content of your message", "content of this message", "content-policy", "content policy", "contentfilter",
		"contents of your", "too high on", "score too high", " scored ", "url in message", "uribl", "surbl", "suspicious", "message looks like", "message refused by",
		"considered unwanted", "unwanted",
		"dt:spm", "mi:spb", "mail content denied", "content denied", "content examination", "message filtered", "mail rejete", "considered as", "denied by content",
		"content * not allowed", "content * rejected", "url in", "profanity",
		"rejected by antispam", "rejected by anti", "heuristic", "categorized as", "ofr_506", "ofr506", "message denied",
		"filter rejection", "con-p",
	}, false, false},
	{"its form breaks the standards", mailer.ClassContent, []string{
		"not rfc", "rfc 5322", "rfc 2822", "rfc 822", "rfc5322", "rfc2822", "duplicate header", "duplicate * header", "multiple * headers", "missing * header",
		"header * missing", "header is missing", "header error", "header fault", "invalid header", "malformed", "bare lf", "bare linefeed", "bare newline", "bare cr",
		"line limit exceeded", "line length", "lines longer than", "line too long", "8bit", "8-bit", "non-ascii", "smtputf8", "does not support utf", "charset",
		"character set", "mime structure", "mime header", "message id", "message-id", "syntax error in", "improper use of", "conversion is", "unable to convert",
		"date header", "badly formatted", "multiple from",
		"contains invalid header", "invalid * header", "illegal header", "bad header",
		"improperly formatted", "not compliant", "noncompliant", "non-compliant", "violates rfc", "rfc violation", "corrupt message", "message corrupt",
		"unsupported mime", "mime error", "mime type",
		"missing subject", "empty message", "no body", "nul character", "control character", "illegal character",
		"bare carriage",
	}, false, false},
	{"the message is too large", mailer.ClassTooLarge, []string{
		"message size", "message too large", "message too big", "message is too large", "message is too big", "message was too large", "message larger than",
		"mail too large", "mail size", "email size", "size limit", "size exceeds", "exceeds size", "exceeds * message size", "message length", "message exceeds",
		"exceeds maximum", "exceeds the maximum", "exceeds fixed maximum", "exceeded maximum inbound", "exceeds our size", "too large message", "maximum message",
		"message * too big", "message * too large", "max message size", "max size", "too much data", "is larger than", "length exceeds", "larger than the",
		"larger than * limit", "taille du message", "nachricht ist zu gross", "nachricht zu gross", "nachrichtengrosse", "tamano del mensaje",
		"dimensione del messaggio",
		"taille limite du message", "taille limite", "exceeded mailsize", "mailsize limit", "mail size limit", "maximum email size", "email is too", "mail is too",
		"attachment size", "message to big", "message file too big", "exceeds message size", "maximum size", "max. size",
		"size of your message", "size of the message", "size of this message", "message has exceeded", "too large for", "too large to", "message size exceed",
		"is too large", "is too big",
	}, false, false},
	{"the person has moved, or the address is given up", mailer.ClassDeadAddress, []string{
		"has moved", "user moved", "user has moved", "mailbox moved", "mailbox has moved", "address has changed", "address changed", "new address", "changed to another",
		"has been replaced by", "no longer on server", "no longer accepts mail", "no longer accept messages for", "no longer on this server", "no longer valid",
		"no longer in use", "no longer used", "no longer exists", "no longer available", "no longer active", "no longer has an account", "no longer an employee",
		"no longer with", "no longer works", "is no longer", "are no longer", "not longer", "has left", "discontinued", "has been deleted", "was deleted",
		"been removed", "account closed", "account is closed", "account has been closed", "mailbox closed", "account deleted", "account removed", "account terminated",
		"account has been terminated", "account canceled", "account cancelled", "n'est plus", "nicht mehr", "ya no ", "non e piu", "nao existe mais", "niet meer",
	}, false, false},
	{"the DNS gave no answer", mailer.ClassTransient, []string{
		"not found, try again", "host not found (try", "temporary lookup", "temporary dns", "temporary failure in name", "servfail", "lookup timed out", "dns timeout",
		"dns server", "name server timeout", "name server: * deferred", "name server * timed out", "dns soft error", "name lookup * temporarily",
		"dns query failed", "serverfailure", "dns query error", "dns query timed", "dns temporarily", "no answer from dns", "resolver error", "lowest numbered mx",
		"address is the local host", "loops back to myself", "forwarding loop", "fwd.loop",
	}, false, false},
	{"its local delivery is broken", mailer.ClassTransient, []string{
		"ldap attributes", "procmail:", "maildrop:", "can't create user output file", "couldn't create", "cannot open spool",
		"unknown mailer error", "virtual transport", "local transport", "transport error", "transport failed", "couldn't open",
		"cannot open file", "can't open file", "could not open file", "unable to open", "segmentation fault", "not executable", "filter * failed",
	}, false, false},
	{"the domain says in the DNS that it takes no mail (RFC 7505)", mailer.ClassDeadAddress, []string{
		"null mx", "nullmx", "mx points to 0.0.0.0", "mx record of 0", "empty mx", "indicated no smtp service", "no smtp mx", "no mx found for domain",
	}, false, true},
	{"the domain takes no mail", mailer.ClassDeadAddress, []string{
		"does not accept mail", "does not accept any mail", "doesn't accept mail", "does not accept email", "does not accept e-mail",
		"domain does not accept", "host does not accept", "does not receive mail", "mail server * not in use", "no mail for this domain",
		"domain not accepting", "smtp protocol is not", "does not support mail", "no smtp service", "no mail hosts for domain", "not accept any email",
		"accepts no mail", "receives no mail", "doesn't receive email", "does not receive email", "does not accept smtp mail", "refuses all mail",
		"smtp only to send",
	}, false, false},
	{"no such domain", mailer.ClassDeadAddress, []string{
		"no such domain", "no such host", "no such site", "domain not found", "host not found, type", "unknown host", "host unknown", "unknown domain", "domain unknown",
		"domain * does not exist", "domain does not exist", "domain doesn't exist", "domain must exist", "domain is not", "domain name not found", "invalid domain",
		"illegal host", "bad domain", "bad host", "unrouteable address", "unrouteable mail domain", "unroutable address", "unroutable mail domain", "domain isn't",
		"host or domain name not found", "couldn't find any host", "could not find any host", "cannot find any host", "no mx", "has no mx", "non-existent domain",
		"nonexistent domain", "non-existent host", "nxdomain", "hostunknown", "dns lookup failure", "host * not found", "server for * not found",
		"host name lookup failed", "hostname lookup", "all relevant mx records point to non-existent", "name server: * host not found", "no route to domain",
		"no such address domain", "unresolvable", "cannot resolve", "can't resolve", "could not resolve", "unable to resolve", "name or service not known",
		"name service error", "is a non-local", "domaine inconnu", "domaine inexistant", "domaine n'existe pas", "unbekannte domain", "domain existiert nicht",
		"dominio desconocido", "dominio no existe", "dominio non trovato", "dominio inesistente", "dominio nao existe", "onbekend domein",
		"dn_expand failed", "unable to route", "no such dns", "bad destination system", "no mail exchanger",
		"no mail server for", "no a record", "no address record", "has no a record", "domain lookup failed", "domain does not resolve",
		"host does not exist", "host doesn't exist", "domain doesn't resolve", "cannot find domain", "cannot find the domain", "unable to find host",
		"domain * not found", "domain not exist", "infodomainnonexistent", "can't find host", "cannot find host",
	}, false, false},
	{"no such mailbox", mailer.ClassDeadAddress, []string{
		"user unknown", "unknown user", "user is unknown", "user * unknown", "unknown recipient", "recipient unknown", "recipient * unknown", "recipient is unknown",
		"unknown address", "address unknown", "address * unknown", "unknown mailbox", "mailbox unknown", "mailbox * unknown", "unknown local", "unknown account",
		"account unknown", "unknown email", "unknown e-mail", "unknown mail", "unknown or illegal alias", "unknown or invalid", "unknown alias", "unknown in * table",
		"unknown in", "is unknown", "userunknown", "user-unknown", "no such user", "no such mailbox", "no such account", "no such recipient", "no such address",
		"no such person", "no such email", "no such e-mail", "no such local", "no such name", "no such alias", "no such id", "no such contact", "nosuchuser",
		"such user", "such mailbox", "no mailbox", "no user", "no account", "no email account", "no valid recipient", "no valid user", "no recipient",
		"no local mailbox", "no matches to nameserver", "no match", "no person", "no one by", "nobody by", "there is no one", "there is no user", "does not exist",
		"doesn't exist", "do not exist", "not exist", "dont exist", "doesnt exist", "non-existent", "nonexistent", "non existent", "non existing", "nonexisting",
		"not existing", "doesn't have a", "does not have a", "does not have an", "doesn't have an", "has no mailbox", "have no mailbox", "invalid mailbox",
		"mailbox invalid", "invalid recipient", "recipient * invalid", "recipient invalid", "invalid user", "user invalid", "invalid address", "address invalid",
		"address is invalid", "address * is invalid", "address * invalid", "invalid local", "invalid email", "invalid account", "marked as invalid", "not a valid",
		"isn't a valid", "is not valid", "not valid", "bad address", "bad destination", "bad recipient", "bad mailbox", "bad-mailbox", "bad user", "illegal user",
		"illegal recipient", "illegal alias", "user not found", "user * not found", "account not found", "mailbox not found", "mailbox * not found",
		"recipient not found", "recipientnotfound", "recipnotfound", "adrnotfound", "recipient * not found", "recipient was not found", "address not found",
		"address * not found", "address wasn't found", "couldn't be found", "could not be found", "cannot be found", "can't be found", "not found in directory",
		"not found in the directory", "not listed in", "not in directory", "not in address book", "not in our", "not in my list of local", "no mailbox here",
		"account not available", "not in * directory", "not on this system", "not a known user", "not known", "not known here", "not known at this", "isn't known",
		"not recognized", "not recognised", "not our customer", "not our user", "not a local", "not local", "not locally", "is not here", "not here", "not at this",
		"not hosted here", "not registered", "unregistered", "unrecognized", "unrecognised", "not defined", "undefined user", "undefined mail", "user not exist",
		"user not known", "user not local", "user not listed", "unable to find", "recipient address rejected: access denied",
		"recipient address rejected: undeliverable", "recipient address rejected: unverified", "recipient address rejected: user", "recipient verification failed",
		"callout verification failed", "delivery to * not possible", "we have no", "isn't here", "mailbox does not", "unknown_user", "unable to chdir to maildir",
		"cannot open mailbox", "can't open mailbox", "no home directory", "de l'utilisateur inconnu", "addressee unknown", "incorrect address", "wrong address",
		"address error", "unbekannt", "existiert nicht", "empfanger nicht gefunden", "nicht gefunden", "kein postfach", "adresse inconnue", "destinataire inconnu",
		"utilisateur inconnu", "adresse destinataire invalide", "destinataire invalide", "n'existe pas", "inexistant", "inconnu", "desconocid", "no existe",
		"no encontrado", "destinatario non", "sconosciut", "inesistente", "non esiste", "utente non", "nao existe", "nao encontrado", "inexistente", "bestaat niet",
		"onbekende", "onbekend", "niet gevonden", "nie istnieje", "nie ma takiego", "neznamy", "nieznany", "nie znaleziono", "neexistuje", "finns inte", "okand",
		"findes ikke", "ukjent", "finnes ikke", "tuntematon", "ei loydy", "nu exista", "nem letezik", "ismeretlen", "ne postoji", "mevcut degil", "bulunamadi",
		"не существует", "не найден", "неизвестн", "нет такого", "δεν υπαρχει", "αγνωστοσ",
		"rcp-p1 ", "mailbox closed down", "unavailable mail user", "mail user unknown", "local server don't exists", "exists that user", "bad address syntax",
		"not user of this server", "recipient does not have", "deliver to unknown", "no longer our", "no longer on file", "user doesn't have",
		"undeliverable address", "no such inbox", "unknown inbox", "mailbox not exist",
		"recipient not exist", "account not exist", "address not exist", "not an active address", "not a current", "not exists",
		"doesn't exists", "does not exists", "no longer a valid", "destinataire non trouve", "nessun utente", "宛先不明", "存在しません", "存在しない", "用户不存在", "不存在",
	}, false, false},
	{"it could not be delivered in time", mailer.ClassTransient, []string{
		"retry timeout", "retry time not", "retry limit", "delivery time expired", "time expired", "delivery expired", "message expired", "queue too long",
		"in the queue too long", "in queue too long", "too old", "was not delivered within", "not delivered within", "could not be delivered for more than",
		"could not be delivered within", "could not be delivered after", "could not deliver for the last", "not be delivered for", "has not yet been delivered",
		"not yet been delivered", "still being retried", "will be retried", "keep trying", "keep retrying", "will continue", "multiple retries", "aborted after", "failed * attempts",
		"after * attempts", "delivery attempts made", "giving up after", "expired after", "message has expired", "message timeout", "queuing time", "held too long",
		"cannot send message within", "could not send message for past", "delayed",
	}, false, false},
	{"its host cannot be reached", mailer.ClassTransient, []string{
		"timed out", "time out", "timeout", "connection refused", "connection reset", "connection closed", "connection lost", "connection dropped", "connection died",
		"connection failed", "connection failure", "connection error", "lost connection", "broken pipe", "no route to host", "network is unreachable",
		"network unreachable", "host is unreachable", "host unreachable", "host not reachable", "not reachable", "unreachable", "unable to connect", "cannot connect",
		"can't connect", "could not connect", "couldn't connect", "failed to connect", "not connect", "connect to @", "unable to connect to",
		"wasn't able to establish an smtp connection", "not accept our requests to connect", "socket error", "remote host not", "network error", "communication error",
		"mail loop", "mail is looping", "routing loop", "message loop", "loops back", "looping", "too many hops", "hop count", "hops exceeded", "too many received",
		"maximum hop", "dns error", "dns failure", "temporarily unable to", "no answer", "not responding", "no response", "did not respond", "unable to look up",
		"lookup failed", "bad connection", "no servers", "smtp connection",
		"can't reach", "cannot reach", "could not reach", "couldn't reach", "failed to reach", "no connection", "connection attempt",
		"connect failed", "connection could not", "no hosts", "hosts unreachable", "hosts have been failing", "tls handshake", "ssl error", "handshake fail",
		"unexpectedly closed", "closed unexpectedly", "closed connection", "dropped the connection",
	}, false, false},
	{"a fault of its system", mailer.ClassTransient, []string{
		"system error", "internal error", "server error", "local error", "local configuration error", "configuration error", "misconfigur", "resources temporarily",
		"insufficient system", "insufficient resources", "insufficient disk", "insufficient storage", "out of memory", "no space left", "disk full", "out of disk",
		"not enough disk", "system storage", "transaction failed", "service unavailable", "service not available", "service currently", "service * unavailable",
		"server unavailable", "server busy", "server is busy", "system is busy", "system busy", "too busy", "currently unavailable", "temporarily unavailable",
		"temporarily", "temporary failure", "temporary error", "temporary problem", "try again", "please retry", "try later", "again later", "retry later",
		"can not lock", "cannot lock", "unable to lock", "can't create", "cannot create", "can't write", "cannot write", "i/o error", "input/output", "write error",
		"error reading", "file error", "permission denied", "alias loop", "mailer * died", "died with", "exit status", "exit code", "returned error", "procmail",
		"command died", "command failed", "command time limit", "process failed", "pipe to", "program failed", "child process", "local delivery failed", "scanner error",
		"unable to process", "operating system", "not able to process", "essayer plus tard", "reessayer", "spater erneut", "mas tarde", "piu tardi", "later opnieuw",
		"database error", "backend error", "storage error", "mailbox locked by", "locked by another", "under maintenance",
		"out of service", "internal resources", "int-p", "int-t", "rcp-t1", "queue file write", "cannot append", "unable to append",
		"problem with the recipient's mail", "read-only", "readonly file", "disk error", "disk is full", "low on disk", "low disk", "low on space", "no space on",
		"system is not accepting", "system not accepting", "nicht verfugbar", "indisponible", "no disponible", "non disponibile",
	}, false, false},
}

// vague are phrases that are asked only after the codes have said nothing.
var vague = []meaning{
	{"a policy", mailer.ClassPolicy, []string{
		"policy", "policies", "violation", "security", "prohibited", "administratively", "administrative", "access denied", "access refused", "not allowed",
		"disallowed", "not permitted", "permission", "not authorized", "not authorised", "unauthorized", "forbidden", "denied", "refused", "rejected", "not accepted",
		"not accept", "unacceptable", "blocked", "filtered", "filter", "protocol error", "syntax error", "command not", "sequence of commands",
		"out of sequence", "bad sequence", "abgelehnt", "verweigert", "refuse", "rejete", "rechazad", "rifiutat", "rejeitad", "geweigerd", "odrzucon", "отклонен",
		"запрещ",
	}, false, false},
	{"the mailbox is not there to take it", mailer.ClassDeadAddress, []string{
		"mailbox unavailable", "mailbox not available", "mailbox is unavailable", "user unavailable",
	}, false, false},
}

// maxGap is how far a * reaches.
const maxGap = 60

// says tells whether a text, made plain, holds a phrase.
func says(text, phrase string) bool {
	head, rest, gapped := strings.Cut(phrase, " * ")
	if !gapped {
		return strings.Contains(text, phrase)
	}
	for {
		at := strings.Index(text, head)
		if at < 0 {
			return false
		}
		text = text[at+len(head):]
		window := text[:min(len(text), maxGap+len(rest))]
		if end := strings.Index(window, ". "); end >= 0 {
			window = window[:end]
		}
		if strings.Contains(window, rest) {
			return true
		}
	}
}

// meant is the first meaning of a table that a plain text holds; nil if none.
func meant(table []meaning, text string) *meaning {
	for i := range table {
		for _, phrase := range table[i].phrases {
			if says(text, phrase) {
				return &table[i]
			}
		}
	}
	return nil
}

var (
	addressInText = regexp.MustCompile(`[^\s<>"'(),;:\[\]]{1,200}@[^\s<>"'(),;:\[\]]{1,255}`)
	codesInText   = regexp.MustCompile(`\b[245]\d\d[ -]#?[245]\.\d{1,3}\.\d{1,3}\b`)
	fold          = strings.NewReplacer("á", "a", "à", "a", "â", "a", "ä", "a", "ã", "a", "å", "a", "ą", "a", "ă", "a", "ç", "c", "ć", "c", "č", "c", "ď", "d", "é", "e", "è", "e", "ê", "e", "ë", "e", "ę", "e", "ě", "e", "ğ", "g",
		"í", "i", "ì", "i", "î", "i", "ï", "i", "ı", "i", "ł", "l", "ñ", "n", "ń", "n", "ň", "n", "ó", "o", "ò", "o", "ô", "o", "ö", "o", "õ", "o", "ø", "o", "ő", "o", "ř", "r", "ś", "s", "š", "s", "ș", "s", "ş", "s", "ß", "ss", "ť", "t", "ț", "t",
		"ú", "u", "ù", "u", "û", "u", "ü", "u", "ű", "u", "ů", "u", "ý", "y", "ž", "z", "ź", "z", "ż", "z", "æ", "ae", "œ", "oe", "ά", "α", "έ", "ε", "ή", "η", "ί", "ι", "ό", "ο", "ύ", "υ", "ώ", "ω", "ς", "σ",
		"’", "'", "‘", "'", "`", "'", "´", "'", "“", "", "”", "", `"`, "", "<", "", ">", "", "\u00a0", " ")
)

// plain makes a text ready for phrases: small letters without accents, one blank
// between words, addresses as @, no reply codes between the lines of one reply, and
// a blank at either end.
func plain(text string) string {
	text = text[:min(len(text), maxSaid)]
	text = codesInText.ReplaceAllString(text, " ")
	text = addressInText.ReplaceAllString(text, "@")
	return " " + strings.Join(strings.Fields(fold.Replace(strings.ToLower(text))), " ") + " "
}
