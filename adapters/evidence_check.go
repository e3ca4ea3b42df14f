// Check an evidence package with Go's own packages for signed notes and transparency logs.
//
// This is a second opinion: it shares no code with verify.py. It checks the signature of the checkpoint, the tree (or
// every inclusion proof), the earlier checkpoints, the free texts against their commitments, and the documents with
// their digests. It does not look at report.html, the lists and the manifest.
//
//	go run check.go [-vkey KEY] [FOLDER]
//
// On Debian: apt-get install golang-go golang-golang-x-mod-dev, and
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run check.go FOLDER
package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Line is one event as events.jsonl has it.
type Line struct {
	Position int64
	Entry    string
	Text     string
	Salt     *string
	Payload  *string
	Proof    []string
}

// Envelope is the part of an entry's JSON that this program looks at.
type Envelope struct {
	Origin  string
	Stream  string
	Topic   string
	Facts   map[string]any
	Payload *struct {
		SHA256 string
		Size   int
	}
}

// Head is a checkpoint: a log, a size, a root.
type Head struct {
	Origin string
	Tree   tlog.Tree
}

// Latest is the latest iteration of a document.
type Latest struct {
	Iteration, Digest any
}

var (
	folder string
	ticked = regexp.MustCompile(`(?m)^([\t\v\f \x1c-\x1f\x{85}\p{Z}]*[-*+] )\[[ xX]\]`)
	plain  = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
)

func main() {
	vkey := flag.String("vkey", "", "the verifier key that you were given; otherwise the one in the package")
	flag.Parse()
	folder = "."
	if flag.NArg() > 0 {
		folder = flag.Arg(0)
	}
	if found, err := os.Stat(folder); err != nil || !found.IsDir() {
		misused("there is no folder %q", folder)
	}
	if _, err := note.NewVerifier(strings.TrimSpace(*vkey)); *vkey != "" && err != nil {
		misused("this is no verifier key: %q: %v", *vkey, err)
	}
	head := opened("checkpoint", verifiers(*vkey))
	events, texts, gone, documents := walk(head)
	older := earlier(head, verifiers(""))
	fmt.Printf("checked: %d events of %d, %d texts, %d documents, %d earlier checkpoints\n",
		events, head.Tree.N, texts, documents, older)
	fmt.Printf("root:    %x\n", head.Tree.Hash[:])
	fmt.Printf("log:     %q\n", head.Origin)
	if *vkey == "" {
		fmt.Println("the key came with the package: compare it with the one you were given, or give that with -vkey")
	}
	if gone > 0 || events != head.Tree.N {
		fmt.Printf("what was checked holds; not here: %d texts, %d events\n", gone, head.Tree.N-events)
		os.Exit(7)
	}
	fmt.Println("verified")
}

func differs(format string, values ...any) {
	fmt.Printf("DIFFERS: "+format+"\n", values...)
	os.Exit(6)
}

func misused(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(2)
}

func read(name string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
	if err != nil {
		differs("%v", err)
	}
	return data
}

// verifiers returns the keys that may have signed: the one given, or all of the package.
func verifiers(given string) note.Verifiers {
	texts := []string{given}
	if given == "" {
		names, _ := filepath.Glob(filepath.Join(folder, "keys", "*.vkey"))
		texts = nil
		for _, name := range names {
			texts = append(texts, string(read("keys/"+filepath.Base(name))))
		}
	}
	var found []note.Verifier
	for _, text := range texts {
		verifier, err := note.NewVerifier(strings.TrimSpace(text))
		if err != nil {
			differs("this is no verifier key: %q: %v", text, err)
		}
		found = append(found, verifier)
	}
	return note.VerifierList(found...)
}

// opened returns a checkpoint that one of the keys signed.
func opened(name string, keys note.Verifiers) Head {
	signed, err := note.Open(read(name), keys)
	if err != nil {
		differs("%s: %v", name, err)
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) < 4 {
		differs("%s is no checkpoint", name)
	}
	own := false // a key speaks for the log of its name only
	for _, signature := range signed.Sigs {
		own = own || signature.Name == lines[0]
	}
	if !own {
		differs("%s: no key of %q signed it", name, lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		differs("%s: %v", name, err)
	}
	return Head{lines[0], tlog.Tree{N: size, Hash: hash(name, lines[2])}}
}

func hash(where, text string) (found tlog.Hash) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) != tlog.HashSize {
		differs("%s: %q is no hash", where, text)
	}
	copy(found[:], raw)
	return found
}

func hashes(where string, texts []string) (found []tlog.Hash) {
	for _, text := range texts {
		found = append(found, hash(where, text))
	}
	return found
}

// edge keeps what a growing tree still needs: tlog asks for the roots of its perfect subtrees by their numbers.
type edge map[int64]tlog.Hash

func (kept edge) ReadHashes(indexes []int64) (found []tlog.Hash, err error) {
	for _, index := range indexes {
		one, ok := kept[index]
		if !ok {
			return nil, fmt.Errorf("hash %d is not kept", index)
		}
		found = append(found, one)
	}
	return found, nil
}

// add adds the entry of an index and forgets what the subtrees that it completes are made of.
func (kept edge) add(index int64, entry []byte) {
	made, err := tlog.StoredHashes(index, entry, kept)
	if err != nil {
		differs("position %d: %v", index+1, err)
	}
	first := tlog.StoredHashIndex(0, index)
	for level, one := range made {
		kept[first+int64(level)] = one
		if level > 0 {
			delete(kept, tlog.StoredHashIndex(level-1, index>>(level-1)-1))
			delete(kept, tlog.StoredHashIndex(level-1, index>>(level-1)))
		}
	}
}

func (kept edge) root(size int64) tlog.Hash {
	root, err := tlog.TreeHash(size, kept)
	if err != nil {
		differs("the tree of %d events: %v", size, err)
	}
	return root
}

// walk goes through all events. Without proofs they have to be the whole log, and the tree is made anew.
func walk(head Head) (events int64, texts, gone, documents int) {
	file, err := os.Open(filepath.Join(folder, "events.jsonl"))
	if err != nil {
		differs("%v", err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(make([]byte, 1<<16), 48<<20)
	kept, latest, proved, origin := edge{}, map[string]Latest{}, false, ""
	for lines.Scan() {
		var line Line
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			differs("events.jsonl, line %d: %v", events+1, err)
		}
		if events == 0 {
			proved = line.Proof != nil
		}
		where := fmt.Sprintf("position %d", line.Position)
		first, envelope, _ := strings.Cut(line.Entry, "\n")
		if strings.Split(first, " ")[0] != strconv.FormatInt(line.Position, 10) {
			differs("%s: its entry says %q", where, first)
		}
		if proved {
			leaf, index := tlog.RecordHash([]byte(line.Entry)), line.Position-1
			if err := tlog.CheckRecord(hashes(where, line.Proof), head.Tree.N, head.Tree.Hash, index, leaf); err != nil {
				differs("%s: %v", where, err)
			}
		} else {
			if line.Position != events+1 {
				differs("%s comes where position %d should be", where, events+1)
			}
			kept.add(events, []byte(line.Entry))
		}
		events++
		var said Envelope
		if err := json.Unmarshal([]byte(envelope), &said); err != nil {
			differs("%s: %v", where, err)
		}
		if forked := said.Stream == "ledger" && said.Topic == "ledger.forked"; origin == "" || forked {
			origin = said.Origin // a fork goes on as another log
			if forked && said.Facts["origin"] != origin {
				differs("%s: the fork names the log %q", where, said.Facts["origin"])
			}
		}
		if said.Origin != origin {
			differs("%s belongs to the log %q, not to %q", where, said.Origin, origin)
		}
		if committed(where, line, said) {
			texts++
		} else if said.Payload != nil {
			gone++
		}
		if judged(where, line, said, latest) {
			documents++
		}
	}
	if err := lines.Err(); err != nil {
		differs("events.jsonl: %v", err)
	}
	if origin != head.Origin {
		differs("the log ends as %q; the checkpoint is of %q", origin, head.Origin)
	}
	if !proved && (events != head.Tree.N || kept.root(events) != head.Tree.Hash) {
		differs("the %d events do not give the root of the checkpoint", events)
	}
	return events, texts, gone, documents
}

// committed tells whether the free text is here; it has to be the one that the envelope commits to.
func committed(where string, line Line, said Envelope) bool {
	if line.Payload == nil || line.Salt == nil {
		if line.Payload != nil || line.Salt != nil || (said.Payload == nil) != (line.Text == "none") || line.Text == "here" {
			differs("%s: what it says about its text is not so", where)
		}
		return false
	}
	salt, err := hex.DecodeString(*line.Salt)
	sum := sha256.Sum256(append(salt, *line.Payload...))
	if err != nil || said.Payload == nil || line.Text != "here" ||
		hex.EncodeToString(sum[:]) != said.Payload.SHA256 || len(*line.Payload) != said.Payload.Size {
		differs("%s: its text is not the one that the envelope commits to", where)
	}
	return true
}

// judged checks a draft against its document, and a verdict against the draft. It tells whether a document was checked.
func judged(where string, line Line, said Envelope, latest map[string]Latest) bool {
	step, hasStep := said.Facts["step"].(string)
	if !strings.HasPrefix(said.Stream, "phase:") || !hasStep {
		return false
	}
	phase := strings.TrimPrefix(said.Stream, "phase:")
	place := phase + "/" + step
	switch said.Topic {
	case "phase.document_approved", "phase.document_rejected", "phase.document_reconfirmed":
		known, here := latest[place]
		if here && known != (Latest{said.Facts["iteration"], said.Facts["digest"]}) {
			differs("%s: the verdict is not about the latest iteration", where)
		}
	case "phase.document_drafted":
		latest[place] = Latest{said.Facts["iteration"], said.Facts["digest"]}
		if line.Payload == nil {
			return false
		}
		var texts struct{ Text string }
		if err := json.Unmarshal([]byte(*line.Payload), &texts); err != nil {
			differs("%s: %v", where, err)
		}
		if !plain.MatchString(phase) || !plain.MatchString(step) {
			differs("%s: %q is no place of a document", where, place)
		}
		if !bytes.Equal(read(fmt.Sprintf("documents/%s-%v.md", place, said.Facts["iteration"])), []byte(texts.Text)) {
			differs("%s: documents/%s-%v.md is another text", where, place, said.Facts["iteration"])
		}
		if said.Facts["digest"] != digest(texts.Text, step) {
			differs("%s: its text has the digest %s", where, digest(texts.Text, step))
		}
		return true
	}
	return false
}

// digest is the one that verdicts name: LF, no BOM, one final newline; in tasks no box counts as ticked.
func digest(text, step string) string {
	text = strings.TrimLeft(text, "\ufeff")
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	text = strings.TrimRight(text, "\n") + "\n"
	if step == "tasks" {
		text = ticked.ReplaceAllString(text, "$1[ ]")
	}
	return fmt.Sprintf("sha256:1:%x", sha256.Sum256([]byte(text)))
}

// earlier checks that the log grew out of every earlier checkpoint, which a key since replaced may have signed.
func earlier(head Head, keys note.Verifiers) int {
	names, _ := filepath.Glob(filepath.Join(folder, "checkpoints", "*.note"))
	sort.Strings(names)
	for _, path := range names {
		name := "checkpoints/" + filepath.Base(path)
		old := opened(name, keys)
		proof := fmt.Sprintf("consistency/%d-%d", old.Tree.N, head.Tree.N)
		lines := strings.Split(strings.TrimSuffix(string(read(proof)), "\n"), "\n")
		if name != fmt.Sprintf("checkpoints/%d.note", old.Tree.N) {
			differs("%s covers %d events", name, old.Tree.N)
		}
		if old.Origin != head.Origin {
			differs("%s is a checkpoint of %q", name, old.Origin)
		}
		if err := tlog.CheckTree(hashes(proof, lines), head.Tree.N, head.Tree.Hash, old.Tree.N, old.Tree.Hash); err != nil {
			differs("%s: %v", name, err)
		}
	}
	return len(names)
}
