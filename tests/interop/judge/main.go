// Judge notes and proofs with Go's own sumdb packages: JSON on stdin, JSON on stdout.
package main

import (
	"encoding/json"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Asked is what the test wants to know; []byte is base64 in JSON.
type Asked struct {
	Entries [][]byte
	Notes   []struct {
		Note  []byte
		Vkeys []string
	}
	Inclusion []struct {
		Index, Size int64
		Leaf, Root  []byte
		Proof       [][]byte
	}
	Consistency []struct {
		Old, New         int64
		OldRoot, NewRoot []byte
		Proof            [][]byte
	}
	Trees []string
	Sign  []struct{ Text, Name string }
}

// Opened is one note after note.Open.
type Opened struct {
	Error    string
	Text     string
	Verified []string
	Unknown  int
}

// Tree is one text after tlog.ParseTree.
type Tree struct {
	Error string
	Size  int64
	Root  []byte
	Text  string
}

// Signed is one note by a fresh key.
type Signed struct {
	Note []byte
	Vkey string
}

// Made holds Go's own proofs over the entries, for every size.
type Made struct {
	Roots       [][]byte
	Inclusion   [][][][]byte // [size][index]
	Consistency [][][][]byte // [new][old], from old = 1
}

// Answer has one verdict for each question, in its order.
type Answer struct {
	Made        Made
	Notes       []Opened
	Inclusion   []string
	Consistency []string
	Trees       []Tree
	Signed      []Signed
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func hash(b []byte) (h tlog.Hash) {
	copy(h[:], b)
	return h
}

func hashes(all [][]byte) (out []tlog.Hash) {
	for _, b := range all {
		out = append(out, hash(b))
	}
	return out
}

func plain(all []tlog.Hash) [][]byte {
	out := [][]byte{}
	for i := range all {
		out = append(out, append([]byte{}, all[i][:]...))
	}
	return out
}

func made(entries [][]byte) (m Made) {
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range indexes {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for n, entry := range entries {
		more, err := tlog.StoredHashes(int64(n), entry, reader)
		check(err)
		stored = append(stored, more...)
		size := int64(n) + 1
		root, err := tlog.TreeHash(size, reader)
		check(err)
		m.Roots = append(m.Roots, append([]byte{}, root[:]...))
		var inclusion, consistency [][][]byte
		for i := int64(0); i < size; i++ {
			record, err := tlog.ProveRecord(size, i, reader)
			check(err)
			inclusion = append(inclusion, plain(record))
			tree, err := tlog.ProveTree(size, i+1, reader)
			check(err)
			consistency = append(consistency, plain(tree))
		}
		m.Inclusion = append(m.Inclusion, inclusion)
		m.Consistency = append(m.Consistency, consistency)
	}
	return m
}

func opened(text []byte, vkeys []string) (o Opened) {
	var known []note.Verifier
	for _, vkey := range vkeys {
		verifier, err := note.NewVerifier(vkey)
		if err != nil {
			return Opened{Error: err.Error()}
		}
		known = append(known, verifier)
	}
	n, err := note.Open(text, note.VerifierList(known...))
	if err != nil {
		return Opened{Error: err.Error()}
	}
	o.Text, o.Unknown = n.Text, len(n.UnverifiedSigs)
	for _, sig := range n.Sigs {
		for i, v := range known {
			if v.Name() == sig.Name && v.KeyHash() == sig.Hash {
				o.Verified = append(o.Verified, vkeys[i])
			}
		}
	}
	return o
}

func main() {
	var asked Asked
	var answer Answer
	check(json.NewDecoder(os.Stdin).Decode(&asked))
	answer.Made = made(asked.Entries)
	for _, n := range asked.Notes {
		answer.Notes = append(answer.Notes, opened(n.Note, n.Vkeys))
	}
	for _, p := range asked.Inclusion {
		err := tlog.CheckRecord(hashes(p.Proof), p.Size, hash(p.Root), p.Index, hash(p.Leaf))
		answer.Inclusion = append(answer.Inclusion, said(err))
	}
	for _, p := range asked.Consistency {
		err := tlog.CheckTree(hashes(p.Proof), p.New, hash(p.NewRoot), p.Old, hash(p.OldRoot))
		answer.Consistency = append(answer.Consistency, said(err))
	}
	for _, text := range asked.Trees {
		tree, err := tlog.ParseTree([]byte(text))
		answer.Trees = append(answer.Trees, Tree{said(err), tree.N, tree.Hash[:], string(tlog.FormatTree(tree))})
	}
	for _, s := range asked.Sign {
		skey, vkey, err := note.GenerateKey(nil, s.Name)
		check(err)
		signer, err := note.NewSigner(skey)
		check(err)
		signed, err := note.Sign(&note.Note{Text: s.Text}, signer)
		check(err)
		answer.Signed = append(answer.Signed, Signed{signed, vkey})
	}
	check(json.NewEncoder(os.Stdout).Encode(answer))
}
