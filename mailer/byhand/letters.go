package byhand

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/mailer"
	"article14/mailer/track"
)

// LetterStore keeps letters on their way through people's hands. Each method is one
// transaction. A letter is a delivery whose claim is its batch: nobody else has it
// until the batch is posted or withdrawn.
type LetterStore interface {
	// WaitingLetters gives the next letters in open and paused lanes, the earliest date first.
	WaitingLetters(ctx context.Context, controller mailer.ID, limit int) ([]WaitingLetter, error)
	// ClaimLetters takes letters of open lanes out of the queue into a batch, the
	// earliest date first. Those whose address is gone or suppressed, or whose duties
	// are owed no more, are not taken; the suppressed fail their duties (E3). A batch
	// without letters is not made.
	ClaimLetters(ctx context.Context, controller mailer.ID, b LetterBatch, campaign string, limit int) ([]LetterJob, error)
	// LetterBatch gives a batch and its letters as they stand, or ErrNoBatch.
	LetterBatch(ctx context.Context, controller, id mailer.ID, now time.Time) (LetterBatch, []LetterJob, error)
	// LetterBatches are those made last, and all that are not posted.
	LetterBatches(ctx context.Context, controller mailer.ID, limit int) ([]LetterBatch, error)
	// BatchMade says that the files of a batch are written.
	BatchMade(ctx context.Context, controller, id mailer.ID) error
	// BatchPosted ends a made batch whose letters are settled; those excepted go back to
	// the queue. It is done once; a second call changes nothing. A batch that is in no
	// state to be posted, since somebody withdrew it meanwhile, is ErrBatchNotMade.
	BatchPosted(ctx context.Context, controller mailer.ID, p Posting) error
	// WithdrawLetters puts unposted letters back into the queue: all of a batch where
	// none is named. It gives how many.
	WithdrawLetters(ctx context.Context, controller, batch mailer.ID, letters []mailer.ID, by, why string, now time.Time) (int, error)
	// LetterSent gives the posted batch in which a letter was, or ErrNoBatch.
	LetterSent(ctx context.Context, controller, delivery mailer.ID) (LetterBatch, error)
	// LetterReturned counts what came back of a batch anew, with who said so.
	LetterReturned(ctx context.Context, controller mailer.ID, r ReturnedLetter, now time.Time) error
	// Raise stores alerts, each once for its kind and subject.
	Raise(ctx context.Context, controller mailer.ID, alerts []mailer.Alert, now time.Time) error
}

// LetterQueue is what letters need of the queue of deliveries.
type LetterQueue interface {
	// Begin puts attempts on record before anything is printed. It returns the ids of
	// those whose claim still stands.
	Begin(ctx context.Context, attempts []mailer.Attempt, leaseUntil time.Time) (map[mailer.ID]bool, error)
	// Settle ends claims. Those that no longer stand are returned and left as they are.
	Settle(ctx context.Context, batch []mailer.Settlement) (fenced []mailer.ID, err error)
}

// LetterBatchState is where a batch stands.
type LetterBatchState string

// States of a batch.
const (
	BatchMaking    LetterBatchState = "making" // its files are not all written: it was broken off, or is at work
	BatchMade      LetterBatchState = "made"   // to be printed and posted
	BatchPosted    LetterBatchState = "posted"
	BatchWithdrawn LetterBatchState = "withdrawn"
)

// LetterBatch is letters that are printed together.
type LetterBatch struct {
	ID       mailer.ID
	MadeAt   time.Time
	MadeBy   string
	Size     mailer.LetterSize // "": as the register says
	Letters  int               // in it now, or posted
	State    LetterBatchState
	PostedOn string // a date, as a person gave it
	Posted   int
	Returned int
	EndedAt  time.Time
	EndedBy  string
}

// LetterJob is a letter in a batch with all that printing it needs.
type LetterJob struct {
	mailer.Job                      // To is the address as an identifier keeps it
	State      mailer.DeliveryState // sending while it is in the batch
	AttemptID  mailer.ID            // zero: not put on record yet
	PullOut    string               // why it must not be posted any more, as a bounded code; "" nothing
	Objected   bool                 // the person objected since: the notice is owed all the same (R9)
}

// WaitingLetter is a letter in the queue.
type WaitingLetter struct {
	Reference   string           `json:"reference"`
	CampaignKey string           `json:"campaign"`
	ContactID   mailer.ID        `json:"contact"`
	DueAt       time.Time        `json:"due_at"`
	LaneState   mailer.LaneState `json:"lane"`
}

// Posting is a person's word that a batch went to the post.
type Posting struct {
	Batch  mailer.ID
	On     string      // the date that they gave
	At     time.Time   // the instant that counts: the end of that day, or now
	Except []mailer.ID // letters that were pulled out
	By     string
	Now    time.Time
}

// ReturnedLetter is a letter that came back.
type ReturnedLetter struct {
	DeliveryID mailer.ID
	Batch      mailer.ID
	Reason     mailer.LetterReturn
	On         time.Time
	By         string
}

// ErrNoBatch says that an id is no batch's.
var ErrNoBatch = errors.New("no batch has that id: 'article14 letter list' shows them")

// ErrBatchNotMade says that a batch is not one of finished letters that wait for the post.
var ErrBatchNotMade = errors.New("the batch was withdrawn, or is being made: 'article14 letter show' says where it stands")

// LetterFolder takes what is printed. Nobody sees anything of it before Done.
type LetterFolder interface {
	Letter(l FinishedLetter) error
	Done(b LetterBatch) error
}

// FinishedLetter is a letter with what a mail merge needs.
type FinishedLetter struct {
	Reference string
	To        mailer.PostalAddress
	Languages string
	PrintedLetter
}

// Letters has letters printed, and takes down what people say became of them.
type Letters struct {
	Store      LetterStore
	Queue      LetterQueue
	Reports    track.ReportStore
	Codes      func(ctx context.Context, controller mailer.ID, code string) (mailer.Link, error) // the delivery of a reference
	Composer   LetterWriter
	Printer    LetterPrinter
	Skeletons  mailer.SkeletonStore
	Registers  *mailer.Registers
	Tokens     mailer.Tokens
	Controller mailer.ID
	Key        string // the controller's, as in the register
	Zone       *time.Location
	Allowed    mailer.Allowed
	Now        func() time.Time
}

// BatchOrder is what a batch is to be.
type BatchOrder struct {
	Campaign string // "": any
	Limit    int
	Size     mailer.LetterSize // "": as the register says
	By       string
}

// LeftOut is a letter that was not printed, with the reason that its duty has now.
type LeftOut struct {
	ContactID mailer.ID          `json:"contact"`
	Reason    mailer.BlockReason `json:"reason"`
	Why       string             `json:"why"`
}

// lettersAtOnce bounds how many letters are in memory, put on record and settled together.
const lettersAtOnce = 50

// Batch takes what waits and prints it. It returns ErrNothingWaits where there is
// nothing. Broken off at any moment it leaves nothing, or a batch for Resume.
func (l *Letters) Batch(ctx context.Context, o BatchOrder, folder func(LetterBatch) (LetterFolder, error)) (LetterBatch, []LeftOut, error) {
	b := LetterBatch{ID: mailer.NewID(l.Now()), MadeAt: l.Now().Truncate(time.Second), MadeBy: o.By, Size: o.Size, State: BatchMaking}
	if strings.TrimSpace(o.By) == "" {
		return b, nil, errors.New("a batch is put on record with the name of the person who makes it (--by)")
	}
	jobs, err := l.Store.ClaimLetters(ctx, l.Controller, b, o.Campaign, o.Limit)
	if err != nil {
		return b, nil, err
	}
	if len(jobs) == 0 {
		return b, nil, ErrNothingWaits
	}
	return l.make(ctx, b, jobs, folder)
}

// ErrNothingWaits says that there is no letter to print.
var ErrNothingWaits = errors.New("no letter waits in an open lane: 'article14 letter list' shows what there is, and 'campaign start' or 'campaign resume' opens a lane")

// Resume writes a batch again, with the same bytes: one that was broken off, or one
// whose files were lost before it was posted.
func (l *Letters) Resume(ctx context.Context, id mailer.ID, folder func(LetterBatch) (LetterFolder, error)) (LetterBatch, []LeftOut, error) {
	b, jobs, err := l.Store.LetterBatch(ctx, l.Controller, id, l.Now())
	if err != nil {
		return b, nil, err
	}
	if b.State != BatchMaking && b.State != BatchMade {
		return b, nil, fmt.Errorf("batch %s is %s: there is nothing to print", b.ID, b.State)
	}
	jobs = slices.DeleteFunc(jobs, func(j LetterJob) bool { return j.State != mailer.Sending })
	return l.make(ctx, b, jobs, folder)
}

// BrokenBatchError says that a batch is taken out of the queue and not finished.
type BrokenBatchError struct {
	Batch mailer.ID
	Err   error
}

func (e *BrokenBatchError) Error() string {
	return fmt.Sprintf("%s; batch %s is taken out of the queue: finish it with 'letter batch --out DIR --resume %s', or put it back with 'letter withdraw'", e.Err, e.Batch, e.Batch)
}

// Unwrap gives the cause.
func (e *BrokenBatchError) Unwrap() error { return e.Err }

// make prints a batch, and says so where it is left unfinished.
func (l *Letters) make(ctx context.Context, b LetterBatch, jobs []LetterJob, open func(LetterBatch) (LetterFolder, error)) (LetterBatch, []LeftOut, error) {
	b, left, err := l.printAll(ctx, b, jobs, open)
	if err != nil {
		err = &BrokenBatchError{b.ID, err}
	}
	return b, left, err
}

// printAll prints a batch. Each letter is on record before its file is written, so that
// it is never on paper without being in the books.
func (l *Letters) printAll(ctx context.Context, b LetterBatch, jobs []LetterJob, open func(LetterBatch) (LetterFolder, error)) (LetterBatch, []LeftOut, error) {
	folder, err := open(b)
	if err != nil {
		return b, nil, err
	}
	var left []LeftOut
	for chunk := range slices.Chunk(jobs, lettersAtOnce) {
		out, err := l.printSome(ctx, b, chunk, folder)
		left = append(left, out...)
		if err != nil {
			return b, left, err
		}
	}
	b.Letters = len(jobs) - len(left)
	if b.Letters > 0 {
		if err := folder.Done(b); err != nil {
			return b, left, err
		}
	}
	b.State = BatchMade
	return b, left, l.Store.BatchMade(ctx, l.Controller, b.ID)
}

// printSome prints letters, puts them on record, and hands them to the folder. Those
// that cannot be printed fail their duties, so that the next channel is looked for.
func (l *Letters) printSome(ctx context.Context, b LetterBatch, jobs []LetterJob, folder LetterFolder) (left []LeftOut, err error) {
	var done []FinishedLetter
	var attempts []mailer.Attempt
	var ends []mailer.Settlement
	for _, j := range jobs {
		f, a, err := l.print(ctx, b, j)
		var no *cannotPrint
		switch {
		case errors.As(err, &no):
			left = append(left, LeftOut{j.ContactID, no.reason, no.Error()})
			ends = append(ends, no.settlement(j, l.Now()))
			continue
		case err != nil:
			return left, err
		}
		done = append(done, f)
		if j.AttemptID.IsZero() {
			attempts = append(attempts, a)
		}
	}
	if len(ends) > 0 {
		if _, err := l.Queue.Settle(ctx, ends); err != nil {
			return left, err
		}
	}
	if len(attempts) > 0 {
		stands, err := l.Queue.Begin(ctx, attempts, l.Now())
		if err != nil {
			return left, err
		}
		if len(stands) < len(attempts) {
			return left, fmt.Errorf("batch %s was withdrawn while it was printed: nothing of it is to be posted", b.ID)
		}
	}
	for _, f := range done {
		if err := folder.Letter(f); err != nil {
			return left, err
		}
	}
	return left, nil
}

// postRelay is what attempts call the post.
const postRelay = "post"

// cannotPrint is a letter that is left out of its batch.
type cannotPrint struct {
	reason mailer.BlockReason
	cause  error
}

func (e *cannotPrint) Error() string { return e.cause.Error() }

func (e *cannotPrint) settlement(j LetterJob, now time.Time) mailer.Settlement {
	end := j.Settlement(mailer.Rejected, mailer.ClassRefused, now)
	end.Duty, end.DutyReason = mailer.DutyFailed, e.reason
	if e.reason == mailer.BlockRefused {
		end.Alert = &mailer.Alert{Kind: mailer.AlertCannotCompose, Subject: j.DeliveryID.String(), Detail: fmt.Sprintf("%s %s %s", j.Document, j.Languages, j.Form)}
	}
	return end
}

// print makes one letter: the first time from today's values, later from those on
// record, so that its bytes are the same (E1).
func (l *Letters) print(ctx context.Context, b LetterBatch, j LetterJob) (f FinishedLetter, a mailer.Attempt, err error) {
	reg, err := l.Registers.Version(ctx, j.RegisterID)
	if err != nil {
		return f, a, err
	}
	body, err := l.Skeletons.Skeleton(ctx, j.SkeletonHash)
	if err != nil {
		return f, a, err
	}
	letter, slots, err := l.compose(b, j, reg, body)
	if err != nil {
		return f, a, err
	}
	printed, err := l.Printer.Print(letter)
	if err != nil {
		return f, a, unprintable(err)
	}
	if j.Slots != nil && !slices.Equal(printed.SHA256, j.SHA256) {
		return f, a, fmt.Errorf("letter %s would be printed with other bytes than those on record: withdraw the batch and make a new one, or use the program that made it", j.Code)
	}
	a = mailer.Attempt{ID: mailer.NewID(l.Now()), ContactID: j.ContactID, DeliveryID: j.DeliveryID, ClaimID: b.ID, Number: j.Attempts + 1, Relay: postRelay, BegunAt: l.Now()}
	a.Message = &mailer.MessageRecord{SHA256: printed.SHA256, Size: len(printed.PDF), ComposedAt: letter.At, Slots: slots}
	return FinishedLetter{Reference: j.Code, To: letter.To, Languages: j.Languages, PrintedLetter: printed}, a, nil
}

// compose puts a person's values into the letter that was approved.
func (l *Letters) compose(b LetterBatch, j LetterJob, reg *mailer.Register, body []byte) (Letter, mailer.Slots, error) {
	slots, at := j.Slots, j.ComposedAt
	if slots == nil {
		at = l.Now().Truncate(time.Second)
		var err error
		slots, err = l.Composer.Slots(reg, mailer.SlotInput{Key: mailer.SkeletonKey{Document: j.Document, Languages: j.Languages, Form: j.Form}, Facts: j.Facts, ActivityKey: j.ActivityKey,
			Now: at, CreatedAt: j.CreatedAt, Code: j.Code})
		if errors.Is(err, mailer.ErrStorageEnded) { // deleted, not notified (T3)
			return Letter{}, nil, &cannotPrint{mailer.BlockExpired, err}
		}
		if err != nil {
			return Letter{}, nil, &cannotPrint{mailer.BlockRefused, err}
		}
		slots[mailer.SlotTokenKey] = l.Tokens.Keys.Newest(mailer.TokenKey).ID
	}
	text, err := l.Composer.Letter(mailer.Skeleton{Hash: j.SkeletonHash, Body: body}, slots, false)
	if errors.Is(err, ErrNoLetter) {
		return Letter{}, nil, &cannotPrint{mailer.BlockNotApproved, err}
	}
	if err != nil {
		return Letter{}, nil, &cannotPrint{mailer.BlockRefused, err}
	}
	to, err := mailer.PostalOf(j.To, mailer.Contact{Name: slots["name"], Country: j.Facts.Contact.Country})
	if err != nil {
		return Letter{}, nil, &cannotPrint{mailer.BlockUnprintable, err}
	}
	return l.laidOut(b, reg, text, to, at), slots, nil
}

// laidOut is a letter as the register that it was approved under has it.
func (l *Letters) laidOut(b LetterBatch, reg *mailer.Register, text LetterText, to mailer.PostalAddress, at time.Time) Letter {
	letter := Letter{Text: text, To: to, At: at, Window: reg.Letters.Window, Size: reg.Letters.Size}
	if b.Size != "" {
		letter.Size = b.Size
	}
	s := reg.Letters.Sender
	letter.Sender = mailer.LetterSender{Name: cmp.Or(s.Name, text.Sender.Name), Address: cmp.Or(s.Address, text.Sender.Address), Country: cmp.Or(s.Country, text.Sender.Country)}
	return letter
}

// unprintable says which faults of printing are about this person's letter alone.
func unprintable(err error) error {
	var address *mailer.AddressError
	var sign *UnprintableError
	if errors.As(err, &address) || errors.As(err, &sign) {
		return &cannotPrint{mailer.BlockUnprintable, err}
	}
	return err
}
