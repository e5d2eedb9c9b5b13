// Go-client reads streams of events as Argo Events' EventSource does, with grpc-go, and says how many events came and how
// long that took. benches/stream.rs builds and starts it.
//
// Usage: go-client ADDRESS STREAMS STOPPED CONFIG
//
// Each stream has a connection of its own, and the configuration CONFIG with its number in place of NUMBER. The first
// STOPPED of them read one event and then nothing more. It prints a line for each other stream: events, and seconds until
// the last of them.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protowire"
)

// message is both messages of proto/generic.proto: a name and some bytes.
type message struct {
	name  string
	bytes []byte
}

// codec writes and reads it. The types that protoc makes for Go do the same, field by field.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(value any) ([]byte, error) {
	it := value.(*message)
	out := protowire.AppendTag(nil, 1, protowire.BytesType)
	out = protowire.AppendString(out, it.name)
	out = protowire.AppendTag(out, 2, protowire.BytesType)
	return protowire.AppendBytes(out, it.bytes), nil
}

func (codec) Unmarshal(data []byte, value any) error {
	it := value.(*message)
	for len(data) > 0 {
		field, kind, length := protowire.ConsumeTag(data)
		if length < 0 {
			return protowire.ParseError(length)
		}
		data = data[length:]
		if kind != protowire.BytesType {
			return fmt.Errorf("field %d is of kind %d", field, kind)
		}
		content, length := protowire.ConsumeBytes(data)
		if length < 0 {
			return protowire.ParseError(length)
		}
		data = data[length:]
		switch field {
		case 1:
			it.name = string(content)
		case 2:
			it.bytes = bytes.Clone(content)
		}
	}
	return nil
}

type outcome struct {
	events int
	last   time.Duration
}

func read(ctx context.Context, address, config string, stops bool) (outcome, error) {
	var seen outcome
	start := time.Now()
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(codec{})))
	if err != nil {
		return seen, err
	}
	defer connection.Close()
	ctx = metadata.AppendToOutgoingContext(ctx, "azure-blob-eventsource-once", "1")
	stream, err := connection.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, "/generic.Eventing/StartEventSource")
	if err != nil {
		return seen, err
	}
	if err := stream.SendMsg(&message{name: "bench", bytes: []byte(config)}); err != nil {
		return seen, err
	}
	if err := stream.CloseSend(); err != nil {
		return seen, err
	}
	for {
		var event message
		err := stream.RecvMsg(&event)
		if errors.Is(err, io.EOF) {
			return seen, nil
		}
		if err != nil {
			return seen, err
		}
		if !bytes.HasPrefix(event.bytes, []byte("{")) {
			return seen, fmt.Errorf("the payload %q is no JSON", event.bytes)
		}
		seen.events++
		if stops {
			<-ctx.Done()
			return seen, nil
		}
		seen.last = time.Since(start)
	}
}

func main() {
	address, config := os.Args[1], os.Args[4]
	streams, err := strconv.Atoi(os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	stopped, err := strconv.Atoi(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	outcomes := make([]outcome, streams)
	var others sync.WaitGroup
	for number := range streams {
		work := func() {
			own := strings.ReplaceAll(config, "NUMBER", strconv.Itoa(number))
			seen, err := read(ctx, address, own, number < stopped)
			if err != nil {
				log.Fatalf("stream %d: %v", number, err)
			}
			outcomes[number] = seen
		}
		if number < stopped {
			go work()
		} else {
			others.Go(work)
		}
	}
	others.Wait()
	for _, it := range outcomes[stopped:] {
		fmt.Println(it.events, it.last.Seconds())
	}
}
