// Calls the tour's workflows from Go, with the code that `buf generate` makes of the tour's .proto.
//
//	go run . localhost:8080 johndoe
//
// Each line that it prints begins with what was asked for; whatever can't be is an error, and ends it.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"time"

	ingressv1 "example.com/tour-caller/gen/perdure/ingress/v1"
	tourv1 "example.com/tour-caller/gen/tour/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: tour-caller HOST:PORT KEY")
	}
	if err := tour(os.Args[1], os.Args[2]); err != nil {
		log.Fatal(err)
	}
}

func tour(address, key string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	connection, err := grpc.DialContext(ctx, address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer connection.Close()

	if err := runToTheEnd(ctx, connection, key); err != nil {
		return err
	}
	if err := watch(ctx, connection, key); err != nil {
		return err
	}
	if err := answerAQuestion(ctx, connection, key); err != nil {
		return err
	}
	if err := callOnce(ctx, connection, key); err != nil {
		return err
	}
	return fail(ctx, connection, key)
}

// A workflow is submitted, and submitted again, which changes nothing; its result can be waited for and looked at.
func runToTheEnd(ctx context.Context, connection *grpc.ClientConn, key string) error {
	signup := tourv1.NewSignupWorkflowClient(connection)
	user := &tourv1.User{Name: "Gopher", Email: "gopher@mail.com"}

	submitted, err := signup.Submit(ctx, &tourv1.SignupWorkflowSubmitRequest{Key: key, Input: user})
	if err != nil {
		return err
	}
	again, err := signup.Submit(ctx, &tourv1.SignupWorkflowSubmitRequest{Key: key, Input: user})
	if err != nil {
		return err
	}
	fmt.Printf("submit: new=%t again=%t same=%t\n", submitted.NewlyAccepted, again.NewlyAccepted,
		submitted.InvocationId == again.InvocationId)

	attached, err := signup.Attach(ctx, &tourv1.SignupWorkflowAttachRequest{Key: key})
	if err != nil {
		return err
	}
	fmt.Printf("attach: success=%t\n", attached.Output.Success)

	output, err := signup.Output(ctx, &tourv1.SignupWorkflowOutputRequest{Key: key})
	if err != nil {
		return err
	}
	fmt.Printf("output: ready=%t success=%t\n", output.Ready, output.Output.GetSuccess())
	return nil
}

// What happened to the workflow, from its beginning.
func watch(ctx context.Context, connection *grpc.ClientConn, key string) error {
	request := &ingressv1.WatchRequest{Invocation: &ingressv1.InvocationTarget{
		Target: &ingressv1.InvocationTarget_Workflow{
			Workflow: &ingressv1.WorkflowTarget{Workflow: "SignupWorkflow", Key: key},
		},
	}}
	stream, err := ingressv1.NewIngressClient(connection).Watch(ctx, request)
	if err != nil {
		return err
	}
	var told []string
	for {
		message, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		switch event := message.Event.(type) {
		case *ingressv1.WatchResponse_StepRecorded:
			told = append(told, event.StepRecorded.Name)
		case *ingressv1.WatchResponse_Completed:
			told = append(told, string(event.Completed.Result))
		}
	}
	fmt.Printf("watch: %s\n", strings.Join(told, ", "))
	return nil
}

// A workflow that waits for a click. The wrong secret is an answer, too: an output that is there, and false.
func answerAQuestion(ctx context.Context, connection *grpc.ClientConn, key string) error {
	signup := tourv1.NewSignupClient(connection)
	input := &tourv1.SignupRunInput{Email: "gopher@mail.com"}
	if _, err := signup.Submit(ctx, &tourv1.SignupSubmitRequest{Key: key, Input: input}); err != nil {
		return err
	}

	waiting, stop := context.WithTimeout(ctx, 300*time.Millisecond)
	defer stop()
	_, err := signup.Attach(waiting, &tourv1.SignupAttachRequest{Key: key})
	fmt.Printf("wait: %s\n", status.Code(err))

	early, err := signup.Output(ctx, &tourv1.SignupOutputRequest{Key: key})
	if err != nil {
		return err
	}
	fmt.Printf("early: ready=%t output=%t\n", early.Ready, early.Output != nil)

	// The key may be a header, too.
	keyed := metadata.AppendToOutgoingContext(ctx, "x-perdure-key", key)
	if _, err := signup.Click(keyed, &tourv1.SignupClickRequest{Input: "a guess"}); err != nil {
		return err
	}
	late, err := signup.Attach(ctx, &tourv1.SignupAttachRequest{Key: key})
	if err != nil {
		return err
	}
	current, err := signup.GetStatus(ctx, &tourv1.SignupGetStatusRequest{Key: key})
	if err != nil {
		return err
	}
	fmt.Printf("late: output=%t value=%t status=%s\n", late.Output != nil, late.GetOutput(), current.GetOutput())
	return nil
}

// One idempotency key, one invocation; and one that is not waited for.
func callOnce(ctx context.Context, connection *grpc.ClientConn, key string) error {
	users := tourv1.NewUserServiceClient(connection)
	request := &tourv1.UserServiceCreateUserRequest{
		Input: &tourv1.UserServiceCreateUserInput{
			UserId: key,
			User:   &tourv1.User{Name: "Gopher", Email: "gopher@mail.com"},
		},
		IdempotencyKey: proto.String(key),
	}
	first, err := users.CreateUser(ctx, request)
	if err != nil {
		return err
	}
	second, err := users.CreateUser(ctx, request)
	if err != nil {
		return err
	}
	fmt.Printf("once: %t same=%t\n", first.GetOutput(), first.InvocationId == second.InvocationId)

	later, err := users.ActivateUser(ctx, &tourv1.UserServiceActivateUserRequest{
		Input: &tourv1.UserServiceActivateUserInput{UserId: key},
		Delay: durationpb.New(time.Hour),
	})
	if err != nil {
		return err
	}
	inAnHour := time.Until(later.ExecutionTime.AsTime()) > 59*time.Minute
	fmt.Printf("later: new=%t in an hour=%t\n", later.NewlyAccepted, inAnHour)
	return nil
}

// A handler's own failure, with its details; and a refusal of the ingress.
func fail(ctx context.Context, connection *grpc.ClientConn, key string) error {
	events := tourv1.NewSignupWithEventsWorkflowClient(connection)
	nobody := &tourv1.User{}
	_, err := events.Run(ctx, &tourv1.SignupWithEventsWorkflowRunRequest{Key: key, Input: nobody})
	if err != nil {
		return err
	}
	request := &tourv1.SignupWithEventsWorkflowWaitForUserCreationRequest{Key: key}
	_, err = events.WaitForUserCreation(ctx, request)
	fmt.Printf("failure: %s %q\n", status.Code(err), status.Convert(err).Message())
	for _, detail := range status.Convert(err).Details() {
		if failure, ok := detail.(*ingressv1.FailureDetail); ok {
			fmt.Printf("detail: %d %q\n", failure.Code, failure.Message)
		}
	}

	var trailer metadata.MD
	signup := tourv1.NewSignupWorkflowClient(connection)
	_, err = signup.Output(ctx, &tourv1.SignupWorkflowOutputRequest{}, grpc.Trailer(&trailer))
	fmt.Printf("no key: %s %v\n", status.Code(err), trailer.Get("x-perdure-error-code"))
	return nil
}
