package cis2

import (
	"net"
	"net/netip"
)

// ownListener accepts connections whose other end is allowed, and closes others at once.
type ownListener struct {
	net.Listener
	// allowed reports whether a connection to this end (self) may come from the other (peer).
	allowed func(peer, self netip.AddrPort) bool
}

// Accept returns the next connection that is allowed.
func (l ownListener) Accept() (net.Conn, error) {
	for {
		connection, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.allowed(addressOf(connection.RemoteAddr()), addressOf(connection.LocalAddr())) {
			return connection, nil
		}
		// A stranger's connection: nothing was read from it.
		_ = connection.Close()
	}
}

// addressOf returns an address of TCP, an IPv4 one as such.
func addressOf(address net.Addr) netip.AddrPort {
	tcp, ok := address.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	return unmapped(tcp.AddrPort())
}

// unmapped makes an IPv4 address of one that is mapped into IPv6, and leaves a zone out.
func unmapped(address netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(address.Addr().Unmap().WithZone(""), address.Port())
}
