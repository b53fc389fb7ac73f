package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strconv"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/snappy"
	"go.opentelemetry.io/otel/propagation"
)

// headers carries a trace in the headers of a message, where kq has it.
type headers struct{ message *kafka.Message }

func (h headers) Get(key string) string {
	for _, header := range h.message.Headers {
		if header.Key == key {
			return string(header.Value)
		}
	}
	return ""
}

func (h headers) Set(key, value string) {
	h.message.Headers = append(h.message.Headers, kafka.Header{Key: key, Value: []byte(value)})
}

func (h headers) Keys() []string {
	var keys []string
	for _, header := range h.message.Headers {
		keys = append(keys, header.Key)
	}
	return keys
}

// runPush writes the numbers up to a count as JSON, as kq's pusher does: push BROKER TOPIC COUNT TRACEPARENT.
func runPush(words []string) {
	count, err := strconv.Atoi(words[2])
	if err != nil {
		log.Fatal(err)
	}
	writer := kafka.NewWriter(kafka.WriterConfig{
		Brokers:          []string{words[0]},
		Topic:            words[1],
		Balancer:         &kafka.LeastBytes{},
		CompressionCodec: snappy.NewCompressionCodec(),
		BatchTimeout:     10 * time.Millisecond,
	})
	trace := propagation.TraceContext{}
	ctx := trace.Extract(context.Background(), propagation.MapCarrier{"traceparent": words[3]})
	messages := make([]kafka.Message, count)
	for number := range messages {
		value := fmt.Sprintf(`{"number":"%d","productId":"a%d","note":"秒杀"}`, number, number%7)
		messages[number] = kafka.Message{Key: []byte(fmt.Sprintf("a%d", number%7)), Value: []byte(value)}
		trace.Inject(ctx, headers{&messages[number]})
	}
	if err := writer.WriteMessages(ctx, messages...); err != nil {
		log.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		log.Fatal(err)
	}
}

type pulled struct {
	Key, Value, Trace string
	Headers           map[string]string
	Partition         int
	Offset            int64
}

// runPull reads as kq's queue does, and prints each message once it is committed: pull BROKER TOPIC GROUP COUNT.
func runPull(words []string) {
	count, err := strconv.Atoi(words[3])
	if err != nil {
		log.Fatal(err)
	}
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers:     []string{words[0]},
		Topic:       words[1],
		GroupID:     words[2],
		StartOffset: kafka.FirstOffset,
		MinBytes:    1,
		MaxBytes:    10 << 20,
		MaxWait:     time.Second,
	})
	out := json.NewEncoder(os.Stdout)
	for range count {
		message, err := reader.FetchMessage(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		if err := reader.CommitMessages(context.Background(), message); err != nil {
			log.Fatal(err)
		}
		found := map[string]string{}
		for _, header := range message.Headers {
			found[header.Key] = string(header.Value)
		}
		trace := headers{&message}.Get("traceparent")
		err = out.Encode(pulled{string(message.Key), string(message.Value), trace, found, message.Partition, message.Offset})
		if err != nil {
			log.Fatal(err)
		}
	}
	if err := reader.Close(); err != nil {
		log.Fatal(err)
	}
}
