"""Calls the tour's workflows from Python, with the code that `buf generate` makes of the tour's .proto.

python main.py localhost:8080 johndoe

Each line that it prints begins with what was asked for; whatever can't be is an error, and ends it.
"""

import pathlib
import sys
from datetime import datetime, timedelta, timezone

import grpc
from grpc_status import rpc_status

# Generated modules import each other from the folder that they are generated into.
sys.path.insert(0, str(pathlib.Path(__file__).with_name("gen")))

from perdure.ingress.v1 import ingress_pb2, ingress_pb2_grpc  # noqa: E402
from tour.v1 import tour_pb2, tour_pb2_grpc  # noqa: E402

TIMEOUT = 30


def run_to_the_end(channel: grpc.Channel, key: str) -> None:
    """A workflow is submitted, and submitted again, which changes nothing; its result is waited for and looked at."""
    signup = tour_pb2_grpc.SignupWorkflowStub(channel)
    user = tour_pb2.User(name="Monty", email="monty@mail.com")
    request = tour_pb2.SignupWorkflowSubmitRequest(key=key, input=user)

    submitted = signup.Submit(request, timeout=TIMEOUT)
    again = signup.Submit(request, timeout=TIMEOUT)
    same = submitted.invocation_id == again.invocation_id
    print(f"submit: new={submitted.newly_accepted} again={again.newly_accepted} same={same}")

    attached = signup.Attach(tour_pb2.SignupWorkflowAttachRequest(key=key), timeout=TIMEOUT)
    print(f"attach: success={attached.output.success}")

    output = signup.Output(tour_pb2.SignupWorkflowOutputRequest(key=key), timeout=TIMEOUT)
    print(f"output: ready={output.ready} success={output.output.success}")


def watch(channel: grpc.Channel, key: str) -> None:
    """What happened to the workflow, from its beginning."""
    workflow = ingress_pb2.WorkflowTarget(workflow="SignupWorkflow", key=key)
    request = ingress_pb2.WatchRequest(invocation=ingress_pb2.InvocationTarget(workflow=workflow))
    told = []
    for message in ingress_pb2_grpc.IngressStub(channel).Watch(request, timeout=TIMEOUT):
        event = message.WhichOneof("event")
        if event == "step_recorded":
            told.append(message.step_recorded.name)
        elif event == "completed":
            told.append(message.completed.result.decode())
    print("watch:", ", ".join(told))


def answer_a_question(channel: grpc.Channel, key: str) -> None:
    """A workflow that waits for a click. The wrong secret is an answer, too: an output that is there, and false."""
    signup = tour_pb2_grpc.SignupStub(channel)
    email = tour_pb2.SignupRunInput(email="monty@mail.com")
    signup.Submit(tour_pb2.SignupSubmitRequest(key=key, input=email), timeout=TIMEOUT)

    try:
        signup.Attach(tour_pb2.SignupAttachRequest(key=key), timeout=0.3)
    except grpc.RpcError as error:
        print("wait:", error.code().name)

    early = signup.Output(tour_pb2.SignupOutputRequest(key=key), timeout=TIMEOUT)
    print(f"early: ready={early.ready} output={early.HasField('output')}")

    # The key may be a header, too.
    metadata = (("x-perdure-key", key),)
    signup.Click(tour_pb2.SignupClickRequest(input="a guess"), timeout=TIMEOUT, metadata=metadata)
    late = signup.Attach(tour_pb2.SignupAttachRequest(key=key), timeout=TIMEOUT)
    status = signup.GetStatus(tour_pb2.SignupGetStatusRequest(key=key), timeout=TIMEOUT)
    name = tour_pb2.SignupGetStatusOutput.Name(status.output)
    print(f"late: output={late.HasField('output')} value={late.output} status={name}")


def call_once(channel: grpc.Channel, key: str) -> None:
    """One idempotency key, one invocation; and one that is not waited for."""
    users = tour_pb2_grpc.UserServiceStub(channel)
    user = tour_pb2.User(name="Monty", email="monty@mail.com")
    created = tour_pb2.UserServiceCreateUserInput(user_id=key, user=user)
    request = tour_pb2.UserServiceCreateUserRequest(input=created, idempotency_key=key)
    first = users.CreateUser(request, timeout=TIMEOUT)
    second = users.CreateUser(request, timeout=TIMEOUT)
    print(f"once: {first.output} same={first.invocation_id == second.invocation_id}")

    request = tour_pb2.UserServiceActivateUserRequest(
        input=tour_pb2.UserServiceActivateUserInput(user_id=key), delay=timedelta(hours=1)
    )
    later = users.ActivateUser(request, timeout=TIMEOUT)
    wait = later.execution_time.ToDatetime(timezone.utc) - datetime.now(timezone.utc)
    print(f"later: new={later.newly_accepted} in an hour={wait > timedelta(minutes=59)}")


def fail(channel: grpc.Channel, key: str) -> None:
    """A handler's own failure, with its details; and a refusal of the ingress."""
    events = tour_pb2_grpc.SignupWithEventsWorkflowStub(channel)
    nobody = tour_pb2.User()
    events.Run(tour_pb2.SignupWithEventsWorkflowRunRequest(key=key, input=nobody), timeout=TIMEOUT)
    try:
        request = tour_pb2.SignupWithEventsWorkflowWaitForUserCreationRequest(key=key)
        events.WaitForUserCreation(request, timeout=TIMEOUT)
    except grpc.RpcError as error:
        print(f'failure: {error.code().name} "{error.details()}"')
        for detail in rpc_status.from_call(error).details:
            failure = ingress_pb2.FailureDetail()
            if detail.Unpack(failure):
                print(f'detail: {failure.code} "{failure.message}"')

    try:
        request = tour_pb2.SignupWorkflowOutputRequest()
        tour_pb2_grpc.SignupWorkflowStub(channel).Output(request, timeout=TIMEOUT)
    except grpc.RpcError as error:
        trailers = dict(error.trailing_metadata())
        print("no key:", error.code().name, trailers["x-perdure-error-code"])


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit("usage: main.py HOST:PORT KEY")
    _, address, key = sys.argv
    with grpc.insecure_channel(address) as channel:
        run_to_the_end(channel, key)
        watch(channel, key)
        answer_a_question(channel, key)
        call_once(channel, key)
        fail(channel, key)


main()
