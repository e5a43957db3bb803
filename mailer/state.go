package mailer

import "slices"

// DutyState is where a duty to inform stands. See docs/states.md.
type DutyState string

// The states of a duty.
const (
	DutyOpen     DutyState = "open"      // nobody has told the person yet
	DutyInFlight DutyState = "in_flight" // a delivery is on its way
	DutyMet      DutyState = "met"       // handed over, and it did not bounce (docs/rules.md E2)
	DutyFailed   DutyState = "failed"    // the channel failed; the next one is looked for
	DutyBlocked  DutyState = "blocked"   // it cannot go on until something is mended; the reason says what
	DutyExcused  DutyState = "excused"   // need not be told (Art. 14(5)); the excuse says why
	DutyErased   DutyState = "erased"    // the data are gone; a minimal proof row stays
)

// DeliveryState is where one message on its way stands.
type DeliveryState string

// The states of a delivery.
const (
	Queued     DeliveryState = "queued"
	Sending    DeliveryState = "sending"   // claimed by a worker under a lease
	Deferred   DeliveryState = "deferred"  // refused for now (4.y.z), to be tried again
	Relayed    DeliveryState = "relayed"   // a relay took it (250), no more than that
	Delivered  DeliveryState = "delivered" // a report says that the mailbox took it
	Rejected   DeliveryState = "rejected"  // refused for good (5.y.z)
	Uncertain  DeliveryState = "uncertain" // the final dot was sent and no answer came
	Bounced    DeliveryState = "bounced"   // a report says that it came back
	Complained DeliveryState = "complained"
	Suppressed DeliveryState = "suppressed" // its address must not be written to
	Cancelled  DeliveryState = "cancelled"
)

// DeliveryStates lists all of them in the order in which people read them.
var DeliveryStates = []DeliveryState{Queued, Sending, Deferred, Relayed, Delivered, Rejected, Uncertain, Bounced, Complained, Suppressed, Cancelled}

// AttemptStates are those that follow an attempt.
var AttemptStates = []DeliveryState{Relayed, Deferred, Rejected, Uncertain}

// DutyStates lists all of them.
var DutyStates = []DutyState{DutyOpen, DutyInFlight, DutyMet, DutyFailed, DutyBlocked, DutyExcused, DutyErased}

// DeliveryMoves is the one table of legal moves of a delivery. The database
// refuses all others; a test holds the two against each other.
var DeliveryMoves = map[DeliveryState][]DeliveryState{
	Queued:    {Sending, Suppressed, Cancelled},
	Sending:   {Queued, Deferred, Relayed, Rejected, Uncertain},
	Deferred:  {Queued, Suppressed, Cancelled},
	Uncertain: {Queued, Relayed, Delivered, Rejected, Bounced, Complained},
	Relayed:   {Delivered, Bounced, Complained},
	Delivered: {Bounced, Complained}, // a late bounce wins
}

// DutyMoves is the one table of legal moves of a duty.
var DutyMoves = map[DutyState][]DutyState{
	DutyOpen:     {DutyInFlight, DutyBlocked, DutyExcused, DutyErased},
	DutyInFlight: {DutyMet, DutyOpen, DutyFailed, DutyErased},
	DutyMet:      {DutyFailed, DutyErased},
	DutyFailed:   {DutyInFlight, DutyBlocked, DutyExcused, DutyErased},
	DutyBlocked:  {DutyOpen, DutyExcused, DutyErased},
	DutyExcused:  {DutyOpen, DutyErased},
}

// BlockReason says why a duty cannot go on; each has a remedy that status shows.
type BlockReason string

// Why duties are blocked.
const (
	BlockQuarantined   BlockReason = "quarantined"    // restricted visibility (S4): decide or erase before the date
	BlockNoChannel     BlockReason = "no_channel"     // no address that may be written to
	BlockNoLanguage    BlockReason = "no_language"    // a translation is missing (L2)
	BlockNoCountry     BlockReason = "no_country"     // country unknown and no rule for it (L1)
	BlockAddressDead   BlockReason = "address_dead"   // refused for good, no other channel (E3)
	BlockRefused       BlockReason = "refused"        // refused for good for a reason that is not the address
	BlockNotApproved   BlockReason = "not_approved"   // a source form that the approved content lacks
	BlockRoleMailbox   BlockReason = "role_mailbox"   // an office, not a person: a person decides
	BlockSharedMailbox BlockReason = "shared_mailbox" // several people on one address and no name: a person decides
	BlockUnknownSource BlockReason = "unknown_source" // the register no longer declares the source
	BlockExpired       BlockReason = "expired"        // storage has ended: deleted, not notified (T3)
	BlockPolicy        BlockReason = "policy"         // refused for what we are: nobody's address is to blame, and no other is used up
	BlockUnprintable   BlockReason = "unprintable"    // their letter cannot be printed: the address does not fit, or no font has its signs
	BlockNotReached    BlockReason = "not_reached"    // called three times
)

// BlocksThatMayBeGone are those that the next look may find mended: whoever is
// blocked for one of them is a candidate again. Quarantine and an ended storage
// period are not among them: a person decides, or erases.
var BlocksThatMayBeGone = []BlockReason{
	BlockNoChannel, BlockNoLanguage, BlockNoCountry, BlockNotApproved, BlockUnknownSource, BlockAddressDead, BlockRefused, BlockRoleMailbox, BlockSharedMailbox,
	BlockPolicy, BlockUnprintable, BlockNotReached,
}

// BlocksAboutData are those where the data themselves must not be used, or not be
// kept. Whether the person was told, or need not be, changes nothing about that.
var BlocksAboutData = []BlockReason{BlockQuarantined, BlockExpired}

// AboutData tells whether a reason is one of BlocksAboutData.
func (r BlockReason) AboutData() bool { return slices.Contains(BlocksAboutData, r) }

// ExcuseReason says why a duty is excused (14(5)).
type ExcuseReason string

// Why duties are excused.
const (
	ToldBefore ExcuseReason = "told_before" // 14(5)(a): the person was told, with evidence; there is nothing to review
	Exempted   ExcuseReason = "exempted"    // a reviewed exemption stands (E4)
)

// Remedy says in a few plain words what unblocks a duty.
func (r BlockReason) Remedy() string {
	return map[BlockReason]string{
		BlockQuarantined:   "its holder restricted who may see it: decide before the date, with 'contact tell ID' or 'contact erase ID'",
		BlockNoChannel:     "import an address or a number; the register must allow letters and calls",
		BlockNoLanguage:    "add the missing translation and create a new campaign",
		BlockNoCountry:     "import their country or language, or set languages.unknown_country in the register",
		BlockAddressDead:   "import another address, or a number if the register allows calls",
		BlockRefused:       "see the reply in 'contact show ID', mend its cause, create a new campaign",
		BlockNotApproved:   "create and approve a new campaign: its content will name these sources",
		BlockRoleMailbox:   "import their own name or address, or decide with 'contact tell ID'",
		BlockSharedMailbox: "import this one's own name or address, or decide with 'contact tell ID'",
		BlockUnknownSource: "declare the source in the register again",
		BlockPolicy:        "mend what relays say of us in 'contact show ID', create a new campaign",
		BlockUnprintable:   "their letter cannot be printed: import an address that fits, or a name in Latin letters, or a number; create a new campaign",
		BlockNotReached:    "decide: try again under a new campaign, or import another address",
		BlockExpired:       "their storage period has ended: the worker erases them; what has expired is deleted, not notified",
	}[r]
}
