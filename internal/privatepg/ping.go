package privatepg

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"path/filepath"
	"time"
)

// ready tells whether the server takes sessions now. It opens one as far as the first
// message of the answer (PostgreSQL's frontend/backend protocol 3.0, start-up): this
// tells a server in recovery, which accepts the connection and then turns it away,
// from one that serves.
func ready(ctx context.Context, runFolder, user string) bool {
	dialer := net.Dialer{Timeout: time.Second}
	conn, err := dialer.DialContext(ctx, "unix", filepath.Join(runFolder, socketName))
	if err != nil {
		return false
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return false
	}
	if _, err := conn.Write(startup(user)); err != nil {
		return false
	}
	head := make([]byte, 5)
	if _, err := io.ReadFull(conn, head); err != nil {
		return false
	}
	switch head[0] {
	case 'R': // AuthenticationOk
		_, err := conn.Write([]byte{'X', 0, 0, 0, 4}) // Terminate
		return err == nil
	case 'E': // ErrorResponse; too many sessions, say, is an answer of one who serves
		body := make([]byte, min(binary.BigEndian.Uint32(head[1:])-4, 64<<10))
		_, err := io.ReadFull(conn, body)
		return err == nil && !bytes.Contains(body, []byte("C57P03\x00")) // cannot_connect_now
	}
	return false
}

// startup is the StartupMessage.
func startup(user string) []byte {
	body := binary.BigEndian.AppendUint32(nil, 3<<16)
	body = append(body, "user\x00"+user+"\x00database\x00"+user+"\x00\x00"...)
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)
}
