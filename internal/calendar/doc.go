// Package calendar counts periods the way European law does.
//
// A duty to inform runs "one month" from a day (Article 14(3)(a) GDPR, Article 12(3) GDPR). What a month is, is laid down by
// Regulation (EEC, Euratom) No 1182/71, Article 3, and read by the EDPB in Guidelines 01/2022:
//
//   - the day of the event is not counted (Art. 3(1), second subparagraph);
//   - the period ends with the last hour of the same date number, or, where the month has no such day, of its last day
//     (Art. 3(2)(c)): 31 January and one month is 28 or 29 February, never 3 March;
//   - a last day on a Saturday, a Sunday or a public holiday moves to the next working day (Art. 3(4)).
//
// The rule of at least two working days (Art. 3(5)) holds for every period of a month or more by itself.
//
// Two ends follow, and they are not the same thing. [RawEnd] is the unrolled date: sending is planned to it (docs/rules.md D3).
// [LegalEnd] is the rolled one, per Member State: reports show it (D2) and nothing is planned on it.
//
// A [Date] has no zone and no clock. An instant becomes a date only in the controller's zone ([DateOf], D10): data obtained at
// 22:30 UTC were obtained on the next day in Paris. [Date.EndOf] goes back from a date to the instant by which its period ends.
//
// A [Period] is an ISO 8601 duration of whole days or more, as registers state how long data are kept.
//
// A [Form] is a way to write dates, as contact files have them and registers name it ([ParseForm]).
//
// # Public holidays
//
// [LegalEnd] knows the 27 Member States, Iceland, Liechtenstein, Norway, Switzerland and the United Kingdom. The lists are
// national: a day that only a region, a Land, a canton or a town keeps is not counted, since where in the country the period is
// to be met is not known here. For Switzerland that leaves the days that every canton keeps; for the United Kingdom the bank
// holidays of England and Wales are taken. Half holidays, bridging days and days off that a government moves by yearly decree are
// not counted either. Every doubt is settled this way because a day too few only makes a report stricter, a day too many would
// show a late notice as one in time.
package calendar
