// Judge notes, proofs and tiles with Go's own sumdb packages: JSON on stdin, JSON on stdout.
package main

import (
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"

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
	Tiles []struct {
		Folder    string
		Size, Old int64
		Root      []byte
		Indexes   []int64
	}
	Sign []struct{ Text, Name string }
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

// Proved is what a folder of tiles led to.
type Proved struct {
	Error     string
	Root      []byte
	Inclusion int
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
	Tiles       []Proved
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

// folder reads tiles as C2SP tlog-tiles names them: the paths of tlog without the height.
type folder string

func (f folder) Height() int { return 8 }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) (all [][]byte, err error) {
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), "tile", strings.TrimPrefix(tile.Path(), "tile/8/")))
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

// entry takes one entry out of its bundle; tlog calls bundles tiles of level -1.
func (f folder) entry(index, size int64) ([]byte, error) {
	tile := tlog.Tile{H: 8, L: -1, N: index / 256, W: 256}
	if size-tile.N*256 < 256 {
		tile.W = int(size - tile.N*256)
	}
	path := strings.TrimPrefix(tile.Path(), "tile/8/data/")
	data, err := os.ReadFile(filepath.Join(string(f), "tile", "entries", path))
	for i := tile.N * 256; err == nil; i++ {
		length := int(binary.BigEndian.Uint16(data))
		if i == index {
			return data[2 : 2+length], nil
		}
		data = data[2+length:]
	}
	return nil, err
}

// proved lets tlog authenticate the tiles against the root, and proves entries and an older tree from them.
func proved(f folder, size, old int64, root tlog.Hash, indexes []int64) (p Proved) {
	reader := tlog.TileHashReader(tlog.Tree{N: size, Hash: root}, f)
	found, err := tlog.TreeHash(size, reader)
	if err != nil {
		return Proved{Error: err.Error()}
	}
	p.Root = found[:]
	for _, index := range indexes {
		proof, err := tlog.ProveRecord(size, index, reader)
		if err != nil {
			return Proved{Error: err.Error()}
		}
		entry, err := f.entry(index, size)
		if err != nil {
			return Proved{Error: err.Error()}
		}
		if err := tlog.CheckRecord(proof, size, found, index, tlog.RecordHash(entry)); err != nil {
			return Proved{Error: err.Error()}
		}
		p.Inclusion++
	}
	before, err := tlog.TreeHash(old, reader)
	if err == nil {
		var proof tlog.TreeProof
		if proof, err = tlog.ProveTree(size, old, reader); err == nil {
			err = tlog.CheckTree(proof, size, found, old, before)
		}
	}
	p.Error = said(err)
	return p
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
	for _, t := range asked.Tiles {
		answer.Tiles = append(answer.Tiles, proved(folder(t.Folder), t.Size, t.Old, hash(t.Root), t.Indexes))
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
