package main

import (
	"fmt"
	"syscall"
)

// mountSmall puts a file system of so many bytes, in memory, over a folder.
func mountSmall(folder string, size int64) error {
	return syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0711", size))
}

func unmount(folder string) error { return syscall.Unmount(folder, 0) }
