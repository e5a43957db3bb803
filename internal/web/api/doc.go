// Package api is what programs ask over HTTP: today the gate (docs/gate.md). It speaks JSON,
// describes itself by OpenAPI 3.1 at /api/openapi.json, and answers errors as problem+json (RFC
// 9457). It has no rule of its own: [gate.Gate] answers.
//
// Every call bears a token (RFC 6750, Authorization: Bearer) that opens the gate and nothing else.
// Nothing that a caller sent comes back in an error or stands in a log: it is personal data.
package api
