package retain

// Place is a table, or files, in which text stands (T4).
type Place struct {
	Where    string `json:"where"` // the table's name; files are in brackets
	What     string `json:"what"`  // what of people stands there, or why nothing does
	Period   string `json:"period,omitempty"`
	Personal bool   `json:"personal"`
}

// Until what a person's values are kept, most often.
const (
	withThem  = "until the person is erased"
	asProof   = "kept: proof without a name"
	operators = "kept: names of those who decided, who answer for it"
)

// Places lists everything in which text stands, personal or not. A test walks the schema
// and fails for a table that is missing here: whoever makes one decides how long what
// is in it stays, and what takes it away.
var Places = []Place{
	{"contact", "name, place, language, organisation, job", withThem, true},
	{"identifier", "addresses, profiles, telephone numbers, references, and their keyed hashes", withThem, true},
	{"acquisition", "the page on which data stood", withThem, true},
	{"attempt", "the values put into a text", withThem + "; the hash of the bytes stays", true},
	{"outcome", "what relays said, addresses masked", withThem, true},
	{"report", "what mail systems said, addresses masked", withThem, true},
	{"report_raw", "bytes of reports and answers", "30 days; 92 for what somebody wrote; not beyond the person", true},
	{"answer", "the reason with which an answer was closed", withThem, true},
	{"answer_text", "what people wrote, and their address", "a year; not beyond the person", true},
	{"request_text", "what a person wrote to a request, and what was written to them", "its own end, expires_at; not beyond the person", true},
	{"correction", "values as they were before they were put right", withThem, true},
	{"planned_values", "values of a mail that is planned", withThem, true},
	{"telling_value", "what a recipient needs to find a person again", "until they are told, 90 days at most", true},
	{"disclosure_reference", "the recipient's own reference of the person", withThem, true},
	{"suppression", "keyed hashes of identifiers", "a dead address: a year; an objection or an erasure: kept, so that it goes on (R5)", true},
	{"storage_event", "on which day the need of somebody's data ended", withThem, true},
	{"decision", "why a person was told or erased, in a colleague's words that name nobody", operators, true},
	{"hold", "why data are kept, in a colleague's words that name nobody", operators, true},
	{"exemption", "the weighing, in a colleague's words that name nobody", operators, true},
	{"audit", "who did what; subjects are ids", operators, true},
	{"import", "the file's name, as operators gave it", "kept: an acquisition's origin; name no person in it", true},
	{"prior_notice", "where the proof of an earlier notice lies", asProof, true},
	{"[ledger]", "ids and keyed hashes of who objected or was erased", "kept, so that it goes on behind a restore (R5)", true},
	{"[journal]", "ids and codes of attempts", "until their claims are settled: minutes", true},
	{"[rejects files]", "rows that were refused, as they stand in the contact file", "yours, with the mode 0600: delete them when the rows are mended", true},
	{"[letters]", "letters as PDF, in the folder of 'letter batch'", "yours: delete them when they are posted", true},

	{"alert", "ids and words of ours", "", false},
	{"api_token", "a token's name, and a hash of its secret", "", false},
	{"campaign", "a colleague's names and filters", "", false},
	{"campaign_allowance", "states", "", false},
	{"claim", "ids", "", false},
	{"class_domain", "mail domains", "", false},
	{"content_version", "hashes", "", false},
	{"content_version_skeleton", "codes and hashes", "", false},
	{"controller", "keys of companies", "", false},
	{"counter", "codes", "", false},
	{"counter_delta", "codes", "", false},
	{"delivery", "codes and hashes; the short code is random", "", false},
	{"delivery_ref", "random codes", "", false},
	{"disclosure", "recipients, purposes, codes", "", false},
	{"domain_class", "names of classes", "", false},
	{"duty", "dates, rules and codes", "", false},
	{"duty_history", "codes", "", false},
	{"goose_lock", "the migration's own", "", false},
	{"instance", "where the database stands", "", false},
	{"key_fingerprint", "fingerprints of keys", "", false},
	{"lane", "codes", "", false},
	{"lane_standing", "counts of replies", "", false},
	{"ledger", "where the ledger stands, and a hash", "", false},
	{"letter_batch", "a colleague's names", "", false},
	{"objection", "codes", "", false},
	{"register_version", "the register file", "", false},
	{"relay_quota", "names of relays", "", false},
	{"report_received", "hashes and ids of messages", "", false},
	{"report_unmatched", "codes", "", false},
	{"proof_code", "ids and instants: the code itself stands nowhere", "", false},
	{"request", "codes", "", false},
	{"request_event", "codes, and a colleague's names", "", false},
	{"restriction", "codes", "", false},
	{"retention_run", "counts", "", false},
	{"skeleton", "approved texts, without anybody's values", "", false},
	{"telling", "codes", "", false},
	{"telling_attempt", "statuses", "", false},
	{"telling_recipient", "keys of recipients", "", false},
	{"worker_heartbeat", "names of hosts and relays", "", false},
}
